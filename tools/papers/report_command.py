"""The command line of the tools that make a page's tables of kept runs."""

import argparse
import json
import pathlib
import sys


def report_options(description, program=None):
    """Reads the options of such a tool, and ends it where what they name is missing.

    Args:
        description: what its help says.
        program: the tool that times the files of the runs, if one does. Runs are then kept always,
            and those of a queue may be missing.
    """
    from lrkeras.system.required_paths import require_paths

    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("runs", nargs="*", type=pathlib.Path, help="folders of runs")
    parser.add_argument(
        "--keep", type=pathlib.Path, required=bool(program), help="file of all results so far"
    )
    if program:
        parser.add_argument("--times", type=pathlib.Path, help=f"of {program}; may be missing")
        parser.add_argument(
            "--queue", type=pathlib.Path, help="the runs that are wanted, one a line"
        )
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the JSON file")
    parser.add_argument("--plot", type=pathlib.Path, help="how the PNG files begin")
    parser.add_argument("--page", type=pathlib.Path, help="the page whose tables are made anew")
    options = parser.parse_args()
    require_paths(
        reads=[*options.runs, options.page, options.queue if program else None],
        writes=[options.out, options.keep, options.plot and f"{options.plot}_x.png"],
    )
    options.rows = []  # names beside those of the queue
    return options


def kept_runs(runs, shortened, options):
    """Puts results into the file of runs, and returns those of all runs that are in it."""
    from run_file import keep_runs

    kept = keep_runs([shortened(run) for run in runs], options.keep)
    if not kept:
        sys.exit("error: expected at least one folder with a result.json; none of these has one")
    return kept


def times_of(options):
    """What the tool that times the files has left, if it has run."""
    if options.times and options.times.is_file():
        return json.loads(options.times.read_text(encoding="utf-8"))
    return {}


def write_page(tables, options, program):
    """Puts the tables into the page, if one is named, and prints them."""
    from page_tables import with_tables

    if options.page:
        page = with_tables(options.page.read_text(encoding="utf-8"), tables, program)
        options.page.write_text(page, encoding="utf-8")
    print(tables)
