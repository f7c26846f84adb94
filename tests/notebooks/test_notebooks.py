"""The notebooks were run as they stand, and run from top to bottom."""

import os
import pathlib

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).parents[2]
DATA = pathlib.Path(os.environ.get("LRKERAS_DATA") or ROOT.parent / "shared" / "data")
NEEDS = {
    "bring_a_public_model": "wild.tar.xz",
    "compress_textgenrnn": "textgenrnn.tar.xz",
}
FILES = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Jupyter's own modules, which start threads and sockets.
pytestmark = pytest.mark.filterwarnings("default")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_notebook_was_run(file):
    notebook = nbformat.read(file, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        compile(cell.source, file.name, "exec")
        assert cell.outputs or cell.source.startswith("import"), "execute it"
        assert not any(output.output_type == "error" for output in cell.outputs)
    counts = [cell.execution_count for cell in code]
    assert counts == list(range(1, len(code) + 1)), "execute it from top to bottom"


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_notebook_runs(file):
    data = NEEDS.get(file.stem)
    if data and not (DATA / data).is_file():
        pytest.skip(f"no {DATA / data}: LRKERAS_DATA names the folder it is in")
    notebook = nbformat.read(file, as_version=4)
    NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": file.parent}}).execute()
