"""Times the int8 files of intents and slots, all files of a corpus interleaved in one run.

    python tools/papers/time_intents.py RUNS --out docs/results/data/papers_intents_times.json

RUNS is the folder in which `train_intents.py` trained: the file of the first seed of each row is
timed, and held against that of the dense row in the same rounds. Run it while nothing else runs:
the load of the machine is in what it writes. A step is a word: a file takes a sentence of
`max_words` words, and the time of a run is divided by them.
"""

import argparse
import pathlib
import sys


def main():
    """Runs the command line."""
    from lrkeras.system.json_file import write_json
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.papers.intents.rows import rows_of

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=pathlib.Path, help="the folder of the runs")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the JSON file")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of all files (default: 40)")
    parser.add_argument("--corpora", nargs="+", default=["snips", "atis", "clinc150", "banking77"])
    options = parser.parse_args()
    require_paths(reads=[options.runs], writes=[options.out])
    measured = [time_files(options.runs, rows_of(base), options.rounds) for base in options.corpora]
    found = [one for one in measured if one]
    if not found:
        sys.exit(f"error: expected a dense row and others in {options.runs}; no corpus has both.")
    write_json(options.out, together(found))


def time_files(runs, rows, rounds):
    """The report of the files of a corpus, the dense one first; None where there are not two."""
    from lrkeras.benchmark import benchmark
    from lrkeras.tasks.papers.intents.file_of_model import MODEL_FILE

    files = {row: runs / row / MODEL_FILE for row in rows}
    there = {row: file for row, file in files.items() if (runs / row / "result.json").is_file()}
    there = {row: file for row, file in there.items() if file.is_file()}
    if rows[0] not in there or len(there) < 2:
        return None
    report = benchmark(list(there.values()), rounds=rounds, cold=False)
    for row, file in zip(there, report.files, strict=True):
        print(f"{row}: {file.step_us:.2f} us a word, {file.speedup:.2f} x", flush=True)
    return report, list(there)


def together(found):
    """What is written: how it was measured, and the figures of each row."""
    first = found[0][0]
    return {
        "command": "python tools/papers/time_intents.py RUNS --out FILE",
        "machine": first.machine,
        "versions": first.versions,
        "num_threads": first.num_threads,
        "rounds": first.rounds,
        "load_averages": [report.load_average for report, _ in found],
        "files": {
            row: {
                "step_us": file.step_us,
                "step_p90_us": file.step_p90_us,
                "speedup": file.speedup,
                "speedup_quartiles": list(file.speedup_quartiles),
                "count": file.count,
            }
            for report, rows in found
            for row, file in zip(rows, report.files, strict=True)
        },
    }


if __name__ == "__main__":
    main()
