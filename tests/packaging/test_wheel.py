"""The wheel that a user installs: small, whole, and what README promises runs with it."""

import os
import pathlib
import re
import shutil
import site
import subprocess
import sys
import zipfile

import pytest
from load_tool import ROOT

from lrkeras import models

LIMIT = 15_000_000
# All that a build reads; a folder `build` that an earlier one left would go into the wheel.
SOURCES = ("lrkeras", "lrkeras_command.py", "pyproject.toml", "setup.py", "README.md", "LICENSE")


# Of every entry of the wheel: 1 January 2026.
EPOCH = "1767225600"


def run(*words, cwd):
    """Runs a program that knows nothing of the checkout; returns what it printed."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.startswith("TF_CPP")}
    kept["SOURCE_DATE_EPOCH"] = EPOCH
    words = [str(word) for word in words]
    done = subprocess.run(words, cwd=cwd, env=kept, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(folder, changed=None):
    """The wheel of a copy of the sources in a folder, which were changed at that time."""
    source = folder / "source"
    source.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, source / name)
    if changed is not None:
        for file in source.rglob("*"):
            os.utime(file, (changed, changed))
    # With the packages that are there: nothing is fetched.
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    run(*pip, source, "--no-deps", "--no-build-isolation", "--wheel-dir", folder, cwd=folder)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An empty environment with the wheel in it, and Keras and the like beside it."""
    folder = tmp_path_factory.mktemp("user")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    purelib = run(
        python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    )
    # Files .pth of a folder that a .pth names are not read: no editable install comes along.
    others = "".join(f"{path}\n" for path in site.getsitepackages())
    pathlib.Path(purelib.strip(), "others.pth").write_text(others)
    found = run(python, "-c", "import lrkeras_command as m; print(m.__file__)", cwd=folder)
    assert pathlib.Path(found.strip()).is_relative_to(folder)
    return python


def test_the_wheel_is_small_and_has_what_is_needed(wheel):
    assert wheel.stat().st_size <= LIMIT, f"{wheel.stat().st_size:,} bytes"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"lrkeras/py.typed", "lrkeras_command.py", "lrkeras/models/models.json"} <= names
    assert "lrkeras/tasks/keyboard/blocked_words.txt" in names
    assert {f"lrkeras/models/{name}.md" for name in models.names()} <= names
    assert not [name for name in names if name.startswith(("tests", "tools"))]
    kept = {name for name in names if name.startswith("lrkeras/models/")}
    assert not [name for name in kept if "float32" in name or "teacher" in name]


def test_the_same_sources_give_the_same_bytes(wheel, tmp_path):
    again = build_wheel(tmp_path, changed=1_700_000_000)
    assert again.read_bytes() == wheel.read_bytes()


def test_the_ten_lines_of_the_readme_run(installed, tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (tmp_path / "ten.py").write_text(re.search(r"```python\n(.*?)```", readme, re.DOTALL)[1])
    run(installed, "ten.py", cwd=tmp_path)


def test_the_command_and_every_name_of_the_models_work(installed, tmp_path):
    script = installed.with_name("lrkeras.exe" if os.name == "nt" else "lrkeras")
    assert "compress" in run(script, "--help", cwd=tmp_path)
    code = """
import lrkeras
from lrkeras import models
for name in models.names():
    print(name, models.model_file(name).suffix, lrkeras.load(name).count_params() > 0)
"""
    lines = run(installed, "-c", code, cwd=tmp_path).splitlines()
    assert lines == [f"{name} .tflite True" for name in models.names()]
