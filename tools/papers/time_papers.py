"""Times the files of the papers' rows again, all in one run, when the converter has changed.

    python tools/papers/time_papers.py results/papers/*.json
    python tools/papers/time_papers.py results/papers/*.json --out results/papers_avx512_vnni.json

The weights are untrained ones of the same sizes and patterns: bytes and times depend on nothing
else, but for biases of zero, which a file leaves out. Seeds of a row get the same figures. Results
are changed in place, a row at a time; one that says why it has no file is left as it is. With
`--out` they are only read, and the figures go to a file of their own: those of a further machine.
"""

import argparse
import json
import pathlib
import sys


def main():
    """Runs the command line."""
    from lrkeras.system.atomic_write import written_whole
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.training.run_folder import write_json

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", type=pathlib.Path, help="results of runs")
    parser.add_argument("--out", type=pathlib.Path, help="a JSON file, in place of the results")
    options = parser.parse_args()
    require_paths(reads=options.results, writes=[options.out])
    rows, timed = {}, {}
    try:
        for file in options.results:
            result = json.loads(file.read_text(encoding="utf-8"))
            name = result["config"]["row"]
            if "skipped" not in result["deployment"]:
                rows.setdefault(name, []).append((file, result))
        for name, found in rows.items():
            timed[name] = time_again(name)
            for file, result in [] if options.out else found:
                with written_whole(file) as unfinished:
                    write_json(unfinished, {**result, "deployment": timed[name]})
            print(f"{name}: {timed[name]}", flush=True)
        if options.out:
            with written_whole(options.out) as unfinished:
                write_json(unfinished, timed)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"error: {error}")


def time_again(name):
    """What `measure_deployment` finds for an untrained model of a row."""
    from lrkeras.structures import Sparse, find_structures
    from lrkeras.tasks.papers.deployment import measure_deployment
    from lrkeras.tasks.papers.model import logit_model
    from lrkeras.tasks.papers.rows import config_of

    config = config_of(name)
    model = logit_model(config, config.num_words)
    for part in find_structures(model, Sparse):
        part.prune()
    return measure_deployment(model, config)


if __name__ == "__main__":
    main()
