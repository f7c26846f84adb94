r"""Makes the table, the claims, the figures and the page's tables of the ELMo rows.

    python tools/papers/report_elmo.py RUNS/* --keep docs/results/data/papers_elmo_runs.jsonl \
        --out docs/results/data/papers_elmo.json --plot docs/results/papers_elmo --page docs/results/papers_elmo.md

`--keep` is a file with the results of all runs so far, a line of JSON each: those of RUNS that are
finished are put into it, and everything is made of what is in it. What is not trained is listed as
missing. `--page` is a page whose lines between two comments are the tables and the figures.
"""

import json
import pathlib


def read_runs(folders):
    """The results of the finished runs of this table, as they are kept."""
    from elmo_runs import shortened
    from elmo_table import TITLES
    from run_file import read_results

    return [shortened(run) for run in read_results(folders) if run["config"].get("row") in TITLES]


def main():
    """Runs the command line."""
    from elmo_table import summarise
    from report_command import report_options
    from run_file import keep_runs

    options = report_options(__doc__.splitlines()[0])
    runs = read_runs(options.runs)
    if options.keep:
        runs = keep_runs(runs, options.keep)
    summary = summarise(runs)
    options.out.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    write_pictures_and_page(summary, options)


def write_pictures_and_page(summary, options):
    """Writes what is asked for, and prints the tables."""
    from elmo_page import markdown, pictures
    from report_command import write_page

    tables = markdown(summary)
    if options.plot:
        import elmo_plots as plots

        names = plots.figures_of(summary)
        for name in names:
            file = options.plot.with_name(f"{options.plot.name}_{name}.png")
            plots.FIGURES[name](summary, file)
        tables = f"{tables}\n\n{pictures(names, options.plot.name)}".rstrip()
    write_page(tables, options, pathlib.Path(__file__).name)


if __name__ == "__main__":
    main()
