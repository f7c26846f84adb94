"""What a strict build of the site refuses."""

import sys
import types

import pytest

pytest.importorskip("mkdocs", reason="the extra docs is not installed")
griffe = pytest.importorskip("griffe")

from load_tool import load_tool  # noqa: E402


@pytest.fixture
def check(tmp_path, monkeypatch):
    check = load_tool("check_site")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    return check


def test_names_that_no_page_of_the_reference_has(check, tmp_path, monkeypatch):
    class Documented:
        """A thing."""

    class Missing:
        """A thing."""

    class Bare(Documented):
        pass

    def bare():
        pass

    room = types.ModuleType("lrkeras.cellar")
    room.__all__ = ["Bare", "Documented", "Missing", "bare", "constant", "renamed"]
    room.Documented, room.Missing, room.renamed = Documented, Missing, Documented
    room.Bare, room.bare, room.constant = Bare, bare, {}
    # Where it is written; a page may have it under that name.
    inner = types.ModuleType("lrkeras.cellar.inner")
    inner.renamed = Documented
    monkeypatch.setitem(sys.modules, "lrkeras.cellar", room)
    monkeypatch.setitem(sys.modules, "lrkeras.cellar.inner", inner)
    monkeypatch.setattr(check, "MODULES", ("lrkeras.cellar",))
    (tmp_path / "api").mkdir()
    entries = ("Documented", "inner.renamed", "Bare", "bare", "constant")
    page = "".join(f'<h2 id="lrkeras.cellar.{name}"></h2>' for name in entries)
    (tmp_path / "api" / "cellar.html").write_text(page)
    missing = [line.partition(" ")[0] for line in check.missing_names(tmp_path)]
    assert missing == [f"lrkeras.cellar.{name}" for name in ("Bare", "Missing", "bare")]


def test_broken_links_of_the_pages_of_the_repository(check, tmp_path, monkeypatch):
    monkeypatch.setattr(check, "REPOSITORY_PAGES", ("README.md",))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(
        "# A page\n\n## The `first` part\n\n```\n## Not one\n```\n"
    )
    (tmp_path / "README.md").write_text(
        "[a](docs/a.md) [b](docs/a.md#the-first-part) [c](https://example.org) [d](#here)\n"
        '[e](docs/b.md) [f](docs/a.md#not-one) <img src="docs/g.png" alt="g">\n\n# Here\n'
    )
    assert list(check.broken_links()) == [
        "README.md: there is no docs/b.md",
        "README.md: docs/a.md has no heading #not-one",
        "README.md: there is no docs/g.png",
    ]


def test_nothing_is_loaded_from_another_host(check, tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="https://example.org">a link</a> <img src="own.png">'
        '<link rel="canonical" href="https://example.org"> <script src="//cdn.example/x.js">'
    )
    (found,) = check.loaded_from_elsewhere(tmp_path)
    assert found == 'a.html loads <script src="//cdn.example/x.js'


def test_examples_in_the_manner_of_keras_become_a_section():
    tool = load_tool("examples")
    note = types.SimpleNamespace(value="A thing.\n\nExample:\n>>> f()\n3\n\nMore.")
    tool.Examples().on_object(obj=types.SimpleNamespace(docstring=note))
    assert note.value == "A thing.\n\nExamples:\n    >>> f()\n    3\n\nMore."
