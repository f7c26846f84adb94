"""A hook of mkdocs: what a strict build demands besides right links between the pages.

Every public name is on a page of the reference, with its docstring; links of the repository's own
pages (README.md and others) lead somewhere; no page loads anything from another host.
"""

import importlib
import pathlib
import re
import sys
import types
import urllib.parse

from markdown.extensions.toc import slugify
from mkdocs.exceptions import PluginError

ROOT = pathlib.Path(__file__).parents[2]
MODULES = (
    "lrkeras",
    *(
        f"lrkeras.{room}"
        for room in (
            "layers",
            "structures",
            "callbacks",
            "export",
            "compression",
            "benchmark",
            "models",
            "datasets",
            "tasks",
        )
    ),
)
# Pages that are read where the repository is.
REPOSITORY_PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "android_demo/README.md",
)
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
_LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=[\"'](?:https?:)?//[^\"']+")
_HARMLESS = re.compile(r"rel=[\"']?(?:canonical|edit)")


def on_post_build(config):
    """Looks at what was built.

    Raises:
        PluginError: Something is missing or wrong; all of it is named.
    """
    site = pathlib.Path(config["site_dir"])
    found = [*missing_names(site), *broken_links(), *loaded_from_elsewhere(site)]
    if found:
        raise PluginError("\n".join(["The site is not complete:", *found]))


def missing_names(site):
    """Public names without an entry; what has no docstring gets none."""
    pages = "".join(page.read_text("utf-8") for page in sorted((site / "api").glob("*.html")))
    entries = set(re.findall(r'id="([\w.]+)"', pages))
    for module in MODULES:
        room = importlib.import_module(module)
        for name in room.__all__:
            thing = getattr(room, name)
            if entries.isdisjoint(_names_of(name, thing)) or not _is_documented(thing):
                yield f"{module}.{name} has no docstring, or is on no page of docs/api"


def _is_documented(thing):
    """Whether it has a docstring of its own; one of a constant is in the source, and has an entry."""
    if isinstance(thing, type):
        return bool(vars(thing).get("__doc__"))  # not that of a base class
    if isinstance(thing, types.FunctionType | types.ModuleType):
        return bool(thing.__doc__)
    return True


def _names_of(name, thing):
    """Every dotted name by which a public thing can be found: it has one entry."""
    return {
        f"{module}.{name}"
        for module, content in list(sys.modules.items())
        if module.partition(".")[0] == "lrkeras" and vars(content).get(name) is thing
    }


def broken_links():
    """Links of the repository's own pages to files or headings that are not there."""
    for page in REPOSITORY_PAGES:
        text = _without_code((ROOT / page).read_text("utf-8"))
        for match in _LINK.finditer(text):
            path, _, heading = urllib.parse.unquote(match[1] or match[2]).partition("#")
            if path.startswith(("https:", "http:", "mailto:")):
                continue
            target = (ROOT / page).parent / path if path else ROOT / page
            if not target.exists():
                yield f"{page}: there is no {path}"
            elif heading and target.suffix == ".md" and heading not in _headings(target):
                yield f"{page}: {path} has no heading #{heading}"


def _headings(page):
    titles = re.findall(r"^#+ +(.+?) *#*$", _without_code(page.read_text("utf-8")), re.MULTILINE)
    return {slugify(title.replace("`", ""), "-") for title in titles}


def _without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def loaded_from_elsewhere(site):
    """Scripts, styles and pictures that a browser would fetch from another host."""
    for page in sorted(site.rglob("*.html")):
        for tag in _LOADED.findall(page.read_text("utf-8")):
            if not _HARMLESS.search(tag):
                yield f"{page.relative_to(site)} loads {tag}"
