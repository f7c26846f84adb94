"""Times the files of the papers' rows again, all in one run, when the converter has changed.

    python tools/papers/time_papers.py docs/results/data/papers_runs.jsonl
    python tools/papers/time_papers.py docs/results/data/papers_runs.jsonl --out FURTHER_MACHINE.json

The weights are untrained ones of the same sizes and patterns: bytes and times depend on nothing
else, but for biases of zero, which a file leaves out. Seeds of a row get the same figures. The file
is changed in place, a row at a time; a run that says why it has no file is left as it is. With
`--out` they are only read, and the figures go to a file of their own: those of a further machine.
"""

import argparse
import pathlib
import sys


def main():
    """Runs the command line."""
    from run_file import read_runs_file, write_runs_file

    from lrkeras.system.json_file import write_json
    from lrkeras.system.required_paths import require_paths

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=pathlib.Path, help="the file of runs, a line each")
    parser.add_argument("--out", type=pathlib.Path, help="a JSON file, in place of the results")
    options = parser.parse_args()
    require_paths(reads=[options.results], writes=[options.out])
    timed = {}
    try:
        runs = read_runs_file(options.results)
        rows = rows_with_files(runs)
        for row, names in rows.items():
            timed[row] = time_again(row)
            if not options.out:
                runs |= {name: {**runs[name], "deployment": timed[row]} for name in names}
                write_runs_file(options.results, runs)
            print(f"{row}: {timed[row]}", flush=True)
        if options.out:
            write_json(options.out, timed)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"error: {error}")


def rows_with_files(runs):
    """The names of the runs of each row, of those whose layers were converted."""
    rows = {}
    for name, run in runs.items():
        if "skipped" not in run["deployment"]:
            rows.setdefault(run["config"]["row"], []).append(name)
    return rows


def time_again(name):
    """What `measure_deployment` finds for an untrained model of a row."""
    from lrkeras.structures import Sparse, find_structures
    from lrkeras.tasks.papers.language_models.deployment import measure_deployment
    from lrkeras.tasks.papers.language_models.model import logit_model
    from lrkeras.tasks.papers.language_models.rows import config_of

    config = config_of(name)
    model = logit_model(config, config.num_words)
    for part in find_structures(model, Sparse):
        part.prune()
    return measure_deployment(model, config)


if __name__ == "__main__":
    main()
