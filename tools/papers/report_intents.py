r"""Makes the table, the figures and the page's tables of intents and slots.

    python tools/papers/report_intents.py RUNS/* --keep docs/results/data/papers_intents_runs.jsonl \
        --times docs/results/data/papers_intents_times.json --queue tools/papers/papers_queue_intents.txt \
        --out docs/results/data/papers_intents.json --plot docs/results/papers_intents \
        --page docs/results/papers_intents.md

`--keep` is a file with the results of all runs so far, a line of JSON each: those of RUNS that are
finished are put into it, and everything is made of what is in it. What `--queue` has beside is
listed as missing. `--times` is of `time_intents.py`. `--page` is a page whose lines between two
comments are the tables.
"""

import json
import pathlib


def read_runs(folders):
    """The results of the finished runs of intents."""
    from run_file import read_results

    from lrkeras.tasks.papers.intents.intent_config import BASES

    return [run for run in read_results(folders) if run["config"]["base"] in BASES]


def main():
    """Runs the command line."""
    from intents_runs import shortened
    from report_command import kept_runs, report_options

    options = report_options(__doc__.splitlines()[0], "time_intents.py")
    summary = summary_of(kept_runs(read_runs(options.runs), shortened, options), options)
    options.out.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    write_pictures_and_page(summary, options)


def summary_of(runs, options):
    """What the JSON file has."""
    from intents_table import summarise
    from report_command import times_of
    from train_papers import rows_of

    return summarise(runs, times_of(options), rows_of(options))


def write_pictures_and_page(summary, options):
    """Writes what is asked for, and prints the tables."""
    from intents_page import markdown, pictures
    from report_command import write_page

    tables = markdown(summary)
    if options.plot:
        import intents_plots as plots

        figures = plots.figures_of(summary)
        for name, base, score in figures:
            file = options.plot.with_name(f"{options.plot.name}_{name}_{base}.png")
            plots.FIGURES[name](summary, base, score, file)
        tables = f"{tables}\n\n{pictures(figures, options.plot.name)}".rstrip()
    write_page(tables, options, pathlib.Path(__file__).name)


if __name__ == "__main__":
    main()
