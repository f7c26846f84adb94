"""A hook of mkdocs: what the site shows from other folders of the repository.

Notebooks with the outputs they are committed with, the app's pictures, CONTRIBUTING.md,
CHANGELOG.md and SECURITY.md.
"""

import pathlib

import nbconvert
from mkdocs.structure.files import File

ROOT = pathlib.Path(__file__).parents[2]
PICTURES = "android_demo/app/src/test/screenshots/*.png"
PAGES = {
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "security.md": "SECURITY.md",
}


def on_files(files, config):
    """Adds the files."""
    for name, content in [*_pages(), *_notebooks()]:
        files.append(File.generated(config, name, content=content))
    for picture in sorted(ROOT.glob(PICTURES)):
        files.append(File.generated(config, f"app/{picture.name}", abs_src_path=str(picture)))
    return files


def _pages():
    for name, source in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        yield name, text.replace("](docs/", "](")


def _notebooks():
    """Pages and the pictures that are in them; nothing is executed."""
    exporter = nbconvert.MarkdownExporter()
    for file in sorted((ROOT / "notebooks").glob("*.ipynb")):
        folder = f"{file.stem}_files"
        text, resources = exporter.from_filename(
            str(file), resources={"output_files_dir": folder, "unique_key": file.stem}
        )
        yield f"notebooks/{file.stem}.md", text
        for name, content in resources["outputs"].items():
            yield f"notebooks/{name}", content
