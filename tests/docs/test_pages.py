"""The code on the pages of the documentation runs as it stands there."""

import dataclasses
import pathlib
import re
import shlex
import textwrap

import keras
import pytest

from lrkeras.cli import main

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What the title of a block begins with that no test can run: a reader sees it above the block.
NOT_RUN = 'title="Not run by the tests'
_FENCE = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass
class Block:
    language: str
    title: str
    code: str
    line: int


def blocks_of(text):
    """The fenced blocks of a page, indented ones too, with the line that their code begins in."""
    return [
        Block(found[2], found[3], textwrap.dedent(found[4]), text.count("\n", 0, found.start(4)))
        for found in _FENCE.finditer(text)
    ]


def commands_of(block):
    """The `lrkeras` commands of a block of shell lines; prompts and comments are left out."""
    lines = block.code.replace("\\\n", " ").splitlines()
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    return [line[1:] for line in words if line[:1] == ["lrkeras"]]


def run_page(page, text):
    """Runs what a page tells its reader to run, from top to bottom, in one namespace."""
    names = {"__name__": "__main__"}
    for block in blocks_of(text):
        if block.title.strip().startswith(NOT_RUN):
            continue
        if block.language == "python":
            # Tracebacks name the line of the page.
            exec(compile("\n" * block.line + block.code, str(page), "exec"), names)
        elif block.language in ("bash", "console"):
            for words in commands_of(block):
                assert main(words) == 0, f"{page}, line {block.line}: lrkeras {shlex.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keras.utils.clear_session()  # names of layers, which pages use, begin anew
    keras.utils.set_random_seed(0)
    run_page(page, page.read_text(encoding="utf-8"))


def test_a_page_is_run_in_order_and_its_failures_are_told():
    page = """Text
```python
a = 1
```
    ```python
    a += 1
    ```
```python title="Not run by the tests: it needs a phone"
a = nothing
```
```text
a = nothing
```
```python
assert a == 2
raise KeyError(a)
```
"""
    with pytest.raises(KeyError) as error:
        run_page("page.md", page)
    assert error.traceback[-1].lineno + 1 == 16
    with pytest.raises(AssertionError, match=r"line 1: lrkeras inspect missing\.keras"):
        run_page("page.md", "```console\n$ lrkeras inspect \\\n  missing.keras  # a file\n```\n")


def test_scripts_that_the_pages_name_are_there():
    named = {}
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "android_demo" / "README.md"]:
        for path in re.findall(
            r"\b((?:android_demo/|tests/)?tools/[\w/]+\.\w+)", page.read_text("utf-8")
        ):
            named.setdefault(path, page.name)
    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 160
