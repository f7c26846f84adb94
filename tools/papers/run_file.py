"""The file of all runs of the papers' rows: JSON, one line a run, in the order of their names."""

import json

from row_names import run_name

from lrkeras.system.atomic_write import written_whole


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
