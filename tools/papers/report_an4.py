r"""Makes the table, the figures and the page's tables of the AN4 rows that are trained.

    python tools/papers/report_an4.py RUNS/* --keep docs/results/data/papers_an4_runs.jsonl \
        --out docs/results/data/papers_an4.json --plot docs/results/papers_an4 --page docs/results/papers_an4.md

`--keep` is a file with the results of all runs so far, a line of JSON each: those of RUNS that are
finished are put into it, and everything is made of what is in it. What is not trained is listed as
missing. `--page` is a page whose lines between two comments are the tables
and the figures.
"""

import json
import os
import pathlib
import sys


def read_runs(folders):
    """The results of the finished runs of this task."""
    from run_file import read_results

    return [run for run in read_results(folders) if run["config"]["base"] == "an4"]


def keep(runs, file):
    """Puts results into a file of runs, and returns those of all runs that are in it."""
    from run_file import keep_runs

    return keep_runs([run | {"command": command_of(run["config"])} for run in runs], file)


def command_of(config):
    """The command of a run. As it was given, its folders are those of one machine."""
    row, seed = config["row"], config["seed"]
    return f"lrkeras train papers/{row} --data DIR --out RUN --seed {seed}"


def links(options):
    """The sentence of the page that says where the data are."""
    near = options.page.parent
    table = f"[the table as data]({_relative(options.out, near)})"
    if options.keep is None:
        return f"Here is {table}."
    runs = f"[results of all runs]({_relative(options.keep, near)})"
    return f"Made from the {runs}, a line each with command, seed, versions and machine; {table}."


def _relative(file, folder):
    return pathlib.PurePath(os.path.relpath(file, folder)).as_posix()


def main():
    """Runs the command line."""
    import an4_plots as plots
    import an4_table as table
    from report_command import report_options, write_page

    options = report_options(__doc__.splitlines()[0])
    runs = read_runs(options.runs)
    if options.keep:
        runs = keep(runs, options.keep)
    if not runs:
        sys.exit("error: expected at least one folder with a result.json; none of these has one")
    summary = table.summarise(runs)
    options.out.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    tables = table.markdown(summary)
    if options.plot:
        for name in plots.figures_of(summary):
            file = options.plot.with_name(f"{options.plot.name}_{name}.png")
            plots.FIGURES[name](summary, file)
            tables += f"\n\n![{plots.TITLES[name]}]({file.name})"
    if options.page:
        tables += f"\n\n{links(options)}"
    write_page(tables, options, pathlib.Path(__file__).name)


if __name__ == "__main__":
    main()
