"""The notebooks run from top to bottom."""

import os
import pathlib

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).parents[2]
DATA = pathlib.Path(os.environ.get("LRKERAS_DATA") or ROOT.parent / "shared" / "data")
NEEDS = {"compress_textgenrnn": "textgenrnn.tar.xz"}

# Jupyter's own modules, which start threads and sockets.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize("file", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda f: f.stem)
def test_notebook_runs_and_was_run(file):
    data = NEEDS.get(file.stem)
    if data and not (DATA / data).is_file():
        pytest.skip(f"no {DATA / data}: LRKERAS_DATA names the folder it is in")
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs or cell.source.startswith("import") for cell in code), "execute it"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": file.parent}}).execute()
