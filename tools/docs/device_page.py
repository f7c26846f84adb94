"""A hook of mkdocs: devices/index.md has the table of the results of phones."""

import pathlib

from fill_in import fill_in

RESULTS = pathlib.Path(__file__).parents[2] / "docs/devices/results"
PLACE = "the results of phones"


def on_page_markdown(markdown, page, **_):
    """Fills in the table."""
    return fill_in(markdown, page, "devices/index.md", lambda: {PLACE: table()})


def table():
    """The table of all files, with a warning where one is due."""
    from lrkeras.benchmark import DeviceReport

    return DeviceReport.read(sorted(RESULTS.glob("*.json"))).to_markdown()
