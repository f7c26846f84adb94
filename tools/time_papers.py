"""Times the files of the papers' rows again, all in one run, when the converter has changed.

    python tools/time_papers.py results/papers/*.json

The weights are untrained ones of the same sizes and patterns: bytes and times depend on nothing
else, but for biases of zero, which a file leaves out. Seeds of a row get the same figures. Results
are changed in place, a row at a time; one that says why it has no file is left as it is.
"""

import argparse
import json
import pathlib
import sys


def main():
    """Runs the command line."""
    from lrkeras.tasks.run_folder import write_json, written_whole

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", type=pathlib.Path, help="results of runs")
    options = parser.parse_args()
    rows = {}
    try:
        for file in options.results:
            result = json.loads(file.read_text(encoding="utf-8"))
            name = result["config"]["row"]
            if "skipped" not in result["deployment"]:
                rows.setdefault(name, []).append((file, result))
        for name, found in rows.items():
            deployment = time_again(name)
            for file, result in found:
                result["deployment"] = deployment
                with written_whole(file) as unfinished:
                    write_json(unfinished, result)
            print(f"{name}: {deployment}", flush=True)
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
