"""The file of all runs of the papers' rows: JSON, one line a run, in the order of their names."""

import json

from row_names import run_name

from lrkeras.system.atomic_write import written_whole


def read_results(folders):
    """The results of the finished runs among some folders, in the order of their names."""
    files = [folder / "result.json" for folder in sorted(folders)]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.is_file()]


def keep_runs(runs, file):
    """Puts runs into a file of runs, and returns all that are in it, in the order of their names.

    Args:
        runs: Each as its line shall be.
        file: The file, which need not be there.
    """
    kept = read_runs_file(file)
    kept |= {name_of(run): {"name": name_of(run), **run} for run in runs}
    write_runs_file(file, kept)
    return [kept[name] for name in sorted(kept)]


def read_runs_file(file):
    """The runs of a file by their names; none where there is no file yet.

    Raises:
        ValueError: A line is not JSON, or is not a run with a name.
    """
    if not file.is_file():
        return {}
    runs = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            run = json.loads(line)
            runs[run["name"]] = run
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"Expected a run with a name in line {number} of {file}; received {line[:60]!r}."
            ) from error
    return runs


def write_runs_file(file, runs):
    """Writes runs, in place of what the file had."""
    lines = (
        json.dumps({"name": name, **runs[name]}, separators=(",", ":")) for name in sorted(runs)
    )
    with written_whole(file) as draft:
        draft.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def name_of(run):
    """What a run is called: its row, and its seed if that is not 1."""
    return run_name(run["config"]["row"], run["config"]["seed"])
