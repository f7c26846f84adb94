"""Times the int8 files of translation, all files of a width interleaved in one run.

    python tools/papers/time_translation.py RUNS --out docs/results/data/papers_translation_times.json

RUNS is the folder in which `train_translation.py` trained: the file of the first seed of each row is
timed, `encode` (a source of 48 sub-words) and `decode` (one sub-word of the target), and held
against the dense row in the same rounds. Run it while nothing else runs: the load of the machine is
in what it writes.
"""

import argparse
import pathlib
import sys

PARTS = ("encode", "decode")


def main():
    """Runs the command line."""
    from lrkeras.system.json_file import write_json
    from lrkeras.system.required_paths import require_paths

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=pathlib.Path, help="the folder of the runs")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the JSON file")
    parser.add_argument("--rounds", type=int, default=40, help="rounds of all files (default: 40)")
    options = parser.parse_args()
    require_paths(reads=[options.runs], writes=[options.out])
    found = [time_files(files, options.rounds) for files in files_of(options.runs).values()]
    if not found:
        sys.exit(f"error: expected a dense row and others in {options.runs}; no width has both.")
    write_json(options.out, together(found))


def files_of(runs):
    """The files by width and row, the dense one first; widths without it, or with it alone, not."""
    from row_names import as_compressed
    from run_file import read_results

    from lrkeras.tasks.papers.translation.file_of_model import MODEL_FILE
    from lrkeras.tasks.papers.translation.translation_config import BASES

    found = {}
    for folder in sorted(folder for folder in runs.iterdir() if folder.is_dir()):
        for run in read_results([folder]):
            config = run["config"]
            if config["base"] in BASES and config["seed"] == 1 and (folder / MODEL_FILE).is_file():
                files = found.setdefault(config["base"], {})
                files[as_compressed(config["row"])] = folder / MODEL_FILE
    return {
        base: {base: files[base], **files}
        for base, files in found.items()
        if base in files and len(files) > 1
    }


def time_files(files, rounds):
    """The times of some files by row, and how they were taken; the first file is what all are to."""
    from lrkeras.benchmark import benchmark

    rows = {row: {} for row in files}
    for part in PARTS:
        report = benchmark(list(files.values()), rounds=rounds, cold=False, signature=part)
        for row, file in zip(files, report.files, strict=True):
            print(f"{row}, {part}: {file.step_us:.1f} us, {file.speedup:.2f} x", flush=True)
            rows[row] |= {
                f"{part}_us": file.step_us,
                f"{part}_p90_us": file.step_p90_us,
                f"{part}_speedup": file.speedup,
                f"{part}_speedup_quartiles": list(file.speedup_quartiles),
            }
    return report, rows


def together(found):
    """What is written: how it was measured, and the figures of each row."""
    first = found[0][0]
    return {
        "command": "python tools/papers/time_translation.py RUNS --out FILE",
        "machine": first.machine,
        "versions": first.versions,
        "num_threads": first.num_threads,
        "rounds": first.rounds,
        "load_averages": [report.load_average for report, _ in found],
        "files": {row: times for _, rows in found for row, times in rows.items()},
    }


if __name__ == "__main__":
    main()
