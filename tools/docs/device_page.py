"""A hook of mkdocs: devices/index.md has the table of the results of phones."""

import pathlib

RESULTS = pathlib.Path(__file__).parents[2] / "docs/devices/results"
PLACE = "<!-- the results of phones -->"


def on_page_markdown(markdown, page, **_):
    """Fills in the table."""
    if page.file.src_uri != "devices/index.md":
        return markdown
    if PLACE not in markdown:
        raise ValueError(f"Expected the line {PLACE!r} in docs/devices/index.md.")
    return markdown.replace(PLACE, table())


def table():
    """The table of all files, with a warning where one is due."""
    from lrkeras.benchmark import DeviceReport

    return DeviceReport.read(sorted(RESULTS.glob("*.json"))).to_markdown()
