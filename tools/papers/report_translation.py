r"""Makes the table, the figures and the page's tables of translation.

    python tools/papers/report_translation.py RUNS/* --keep docs/results/data/papers_translation_runs.jsonl \
        --times docs/results/data/papers_translation_times.json --queue tools/papers/papers_queue_translation.txt \
        --out docs/results/data/papers_translation.json --plot docs/results/papers_translation \
        --page docs/results/papers_translation.md

`--keep` is a file with the results of all runs so far, a line of JSON each: those of RUNS that are
finished are put into it, and everything is made of what is in it. What `--queue` has beside is
listed as missing. `--times` is of `time_translation.py`. `--page` is a page whose lines between two
comments are the tables. No sentence of the corpus is in what is written.
"""

import argparse
import json
import pathlib
import sys


def read_runs(folders):
    """The results of the finished runs of translation."""
    from run_file import read_results

    from lrkeras.tasks.papers.translation.translation_config import BASES

    bases = [base for base, config in BASES.items() if config.corpus != "made_up"]
    return [run for run in read_results(folders) if run["config"]["base"] in bases]


def keep(runs, file):
    """Puts results into a file of runs, and returns those of all runs that are in it."""
    from run_file import keep_runs
    from translation_runs import shortened

    return keep_runs([shortened(run) for run in runs], file)


def main():
    """Runs the command line."""
    from lrkeras.system.required_paths import require_paths

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", type=pathlib.Path, help="folders of runs")
    parser.add_argument(
        "--keep", type=pathlib.Path, required=True, help="file of all results so far"
    )
    parser.add_argument("--times", type=pathlib.Path, help="of time_translation.py; may be missing")
    parser.add_argument("--queue", type=pathlib.Path, help="the runs that are wanted, one a line")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the JSON file")
    parser.add_argument("--plot", type=pathlib.Path, help="how the PNG files begin")
    parser.add_argument("--page", type=pathlib.Path, help="the page whose tables are made anew")
    options = parser.parse_args()
    require_paths(
        reads=[*options.runs, options.page, options.queue],
        writes=[options.out, options.keep, options.plot and f"{options.plot}_x.png"],
    )
    runs = keep(read_runs(options.runs), options.keep)
    if not runs:
        sys.exit("error: expected at least one folder with a result.json; none of these has one")
    summary = summary_of(runs, options)
    options.out.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    write_pictures_and_page(summary, options)


def summary_of(runs, options):
    """What the JSON file has."""
    from train_papers import rows_of
    from translation_table import summarise

    times = {}
    if options.times and options.times.is_file():
        times = json.loads(options.times.read_text(encoding="utf-8"))
    options.rows = []  # names beside those of the queue
    return summarise(runs, times, rows_of(options))


def write_pictures_and_page(summary, options):
    """Writes what is asked for, and prints the tables."""
    from page_tables import with_tables
    from translation_page import markdown
    from translation_table import WIDTHS

    tables = markdown(summary)
    if options.plot:
        import translation_plots as plots

        for name, base in plots.figures_of(summary):
            file = options.plot.with_name(f"{options.plot.name}_{name}_{base}.png")
            plots.FIGURES[name](summary, base, file)
            tables += f"\n\n![{WIDTHS[base]}, {plots.CAPTIONS[name]}]({file.name})"
    if options.page:
        page = with_tables(
            options.page.read_text(encoding="utf-8"), tables, pathlib.Path(__file__).name
        )
        options.page.write_text(page, encoding="utf-8")
    print(tables)


if __name__ == "__main__":
    main()
