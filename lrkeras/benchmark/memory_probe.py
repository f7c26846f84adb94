"""Measures the memory of one .tflite file; runs as a process of its own and prints JSON.

`python memory_probe.py FILE XNNPACK THREADS SMALLEST`: XNNPACK is 0 or 1, SMALLEST a .tflite file
that does next to nothing. It imports nothing but the runtime, so that the numbers are the file's.
"""

import contextlib
import json
import sys

import numpy as np
from ai_edge_litert import interpreter as litert


def main() -> None:
    """Loads the smallest file, looks at the memory, loads the file, runs it and looks again."""
    path, xnnpack, threads, smallest = sys.argv[1:]
    settings = (xnnpack == "1", int(threads))
    # What the runtime sets up once belongs to no file.
    first = _run_once(smallest, *settings)
    _reset_peak()
    before = _memory()
    second = _run_once(path, *settings)
    after = _memory()
    del first, second
    print(json.dumps({"before": before, "after": after}))


def _run_once(path: str, use_xnnpack: bool, num_threads: int):
    kinds = litert.OpResolverType
    kind = kinds.AUTO if use_xnnpack else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = litert.Interpreter(
        model_path=path, num_threads=num_threads, experimental_op_resolver_type=kind
    )
    runners = [interpreter.get_signature_runner(n) for n in interpreter.get_signature_list()]
    for runner in runners:
        details = runner.get_input_details()
        runner(**{name: np.zeros(d["shape"], d["dtype"]) for name, d in details.items()})
    if not runners:
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], np.zeros(detail["shape"], detail["dtype"]))
        interpreter.invoke()
    return interpreter, runners


def _reset_peak() -> None:
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as stream:
        stream.write("5")


def _memory() -> dict:
    """Bytes by name; None for what the system does not tell."""
    status = _fields("/proc/self/status")
    pss = _fields("/proc/self/smaps_rollup").get("Pss")
    peak = status.get("VmHWM")
    if peak is None:
        with contextlib.suppress(ImportError):
            import resource

            unit = 1 if sys.platform == "darwin" else 1024
            peak = unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rss": status.get("VmRSS"),
        "anonymous": status.get("RssAnon"),
        "pss": pss,
        "peak": peak,
    }


def _fields(file: str) -> dict:
    found = {}
    with contextlib.suppress(OSError), open(file) as stream:
        for line in stream:
            words = line.split()
            if len(words) == 3 and words[2] == "kB":
                found[words[0].rstrip(":")] = 1024 * int(words[1])
    return found


if __name__ == "__main__":
    main()
