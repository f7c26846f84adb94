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

import json
import pathlib


def read_runs(folders):
    """The results of the finished runs of translation."""
    from run_file import read_results

    from lrkeras.tasks.papers.translation.translation_config import BASES

    bases = [base for base, config in BASES.items() if config.corpus != "made_up"]
    return [run for run in read_results(folders) if run["config"]["base"] in bases]


def main():
    """Runs the command line."""
    from report_command import kept_runs, report_options
    from translation_runs import shortened

    options = report_options(__doc__.splitlines()[0], "time_translation.py")
    summary = summary_of(kept_runs(read_runs(options.runs), shortened, options), options)
    options.out.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    write_pictures_and_page(summary, options)


def summary_of(runs, options):
    """What the JSON file has."""
    from report_command import times_of
    from train_papers import rows_of
    from translation_table import summarise

    return summarise(runs, times_of(options), rows_of(options))


def write_pictures_and_page(summary, options):
    """Writes what is asked for, and prints the tables."""
    from report_command import write_page
    from translation_page import markdown
    from translation_table import WIDTHS

    tables = markdown(summary)
    if options.plot:
        import translation_plots as plots

        for name, base in plots.figures_of(summary):
            file = options.plot.with_name(f"{options.plot.name}_{name}_{base}.png")
            plots.FIGURES[name](summary, base, file)
            tables += f"\n\n![{WIDTHS[base]}, {plots.CAPTIONS[name]}]({file.name})"
    write_page(tables, options, pathlib.Path(__file__).name)


if __name__ == "__main__":
    main()
