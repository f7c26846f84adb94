"""Breaks one small file of each kind in thousands of ways and takes them through every door.

    .venv/bin/python tools/hardening/mutate_files.py [--short] [--out docs/results/data/hostile_files.json]

Linux alone. Every file goes through its doors in a child process with 3 GiB of memory and 300 seconds a
call. Refused is a line that says why; everything else that is not accepted is a fault: a crash, an error
that is not documented, a file left behind. Exits with 1 if there is a fault.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import child_process
import doors
import model_mutations
import mutations
import numpy as np
import seed_files

MEMORY_BYTES, SECONDS = 3 << 30, 300
# Where code of a file, or a part of an archive, would leave something.
TRACES = [pathlib.Path("/tmp/lrkeras-code-was-run"), pathlib.Path("/tmp/lrkeras-outside")]
# Broken files of each kind; each goes through every door of its kind.
COUNTS = {
    "tflite float": 300,
    "tflite int8": 150,
    "tflite int4": 150,
    "tflite sparse": 200,
    "keras": 150,
    "h5": 100,
    "onnx": 150,
    "saved_model": 20,
    "npz": 300,
    "npy": 100,
    "wav": 400,
    "json": 300,
}


def main() -> int:
    """Runs, writes or prints the report, and says whether there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--short", action="store_true", help="a few of each kind")
    parser.add_argument(
        "--kinds", help="of these kinds alone, separated by commas; rows of others stay"
    )
    parser.add_argument("--most", type=int, default=1000, help="of each kind (default: as listed)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    counts = {kind: min(3 if options.short else options.most, n) for kind, n in COUNTS.items()}
    if options.short:
        del counts["saved_model"]
    if options.kinds:
        counts = {kind: counts[kind] for kind in options.kinds.split(",")}
    others = []
    if options.kinds and options.out and options.out.exists():
        before = json.loads(options.out.read_text(encoding="utf-8"))["rows"]
        others = [row for row in before if row["kind"] not in counts]
    rows: list[dict] = []
    for of_kind in rows_of(counts, options.seed):
        rows += of_kind
        if options.out:
            # After each kind: it takes an hour in all.
            from lrkeras.system.json_file import write_json

            write_json(options.out, report(others + rows, options.seed))
    if not options.out:
        print(json.dumps(report(rows, options.seed), indent=1))
    return 1 if any(row["faults"] for row in rows) else 0


def rows_of(counts: dict[str, int], seed: int) -> Iterator[list[dict]]:
    """Breaks and tries files; gives for each kind a row for each of its doors."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        seeds = _seeds(folder, "saved_model" in counts)
        _import()
        for kind, count in counts.items():
            rows = _rows(kind, count, seeds[kind], folder / "broken", seed)
            print(kind, [row["faults"] for row in rows], file=sys.stderr)
            yield rows


def report(rows: list[dict], seed: int) -> dict[str, Any]:
    """What is written."""
    from lrkeras.system.machine import describe_machine
    from lrkeras.system.versions import package_versions

    return {
        "command": "python tools/hardening/mutate_files.py",
        "seed": seed,
        "machine": describe_machine(),
        "versions": package_versions(),
        "memory_limit_bytes": MEMORY_BYTES,
        "seconds_limit": SECONDS,
        "rows": rows,
    }


def _seeds(folder: pathlib.Path, saved_model: bool) -> dict[str, pathlib.Path]:
    # In a child, so that no thread of TensorFlow is there when others are forked.
    writer = child_process.ChildProcess(seed_files.write_seeds, 8 << 30, 600)
    answer = writer(folder, saved_model)
    writer.close()
    if answer.value is None:
        raise SystemExit(f"The whole files cannot be made: {answer.error or answer.died}")
    return answer.value


def _import() -> None:
    """What children need, once."""
    import lrkeras.benchmark
    import lrkeras.cli.tflite_file
    import lrkeras.importers.onnx.load_onnx  # noqa: F401


def _rows(kind: str, count: int, seed_file: pathlib.Path, folder: pathlib.Path, seed: int) -> list:
    rows = []
    for door in doors.doors_of(kind):
        rng = np.random.default_rng(seed)
        child = child_process.ChildProcess(doors.knock, MEMORY_BYTES, SECONDS)
        found: collections.Counter = collections.Counter()
        faults, slowest, peak, begin = [], 0.0, 0, time.perf_counter()
        for number in range(count):
            file = _fresh(folder, seed_file)
            name = _break(kind, file, rng)
            answer = child(kind, door, str(file))
            slowest, peak = max(slowest, answer.seconds), max(peak, answer.peak_bytes)
            fault = answer.died or (answer.error and ": ".join(answer.error)) or _trace()
            found["crashed" if answer.died else "wrong" if fault else _word(answer.value)] += 1
            if fault:
                faults.append({"number": number, "mutation": name, "fault": fault[:300]})
        child.close()
        rows.append(
            {
                "kind": kind,
                "door": door,
                "tried": count,
                **{word: found[word] for word in ("refused", "accepted", "crashed", "wrong")},
                "seconds": round(time.perf_counter() - begin, 1),
                "slowest_seconds": round(slowest, 2),
                "peak_bytes": peak,
                "faults": faults,
            }
        )
    return rows


def _word(value: str) -> str:
    return value.partition(":")[0]


def _fresh(folder: pathlib.Path, seed_file: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    copy = shutil.copytree if seed_file.is_dir() else shutil.copyfile
    copy(seed_file, folder / seed_file.name)
    return folder / seed_file.name


def _break(kind: str, file: pathlib.Path, rng: np.random.Generator) -> str:
    """Breaks a file in place, and says how."""
    if file.is_dir():
        inner = sorted(path for path in file.rglob("*") if path.is_file())
        file = inner[rng.integers(len(inner))]
    data, blind = file.read_bytes(), rng.integers(4) == 0
    own = {
        "keras": mutations.broken_archive,
        "npz": mutations.broken_archive,
        "npy": mutations.broken_array,
        "json": mutations.broken_json,
        "tflite": model_mutations.broken_model,
        "onnx": mutations.broken_onnx,
    }.get(kind.split(maxsplit=1)[0])
    broken = mutations.broken_bytes if own is None or blind or not data else own
    name, content = broken(data, rng) if data else ("filled", b"\0")
    file.write_bytes(content)
    return f"{file.name}: {name}"


def _trace() -> str | None:
    """What is where nothing may be written."""
    left = [str(path) for path in TRACES if path.exists()]
    return f"{left} was written" if left else None


if __name__ == "__main__":
    sys.exit(main())
