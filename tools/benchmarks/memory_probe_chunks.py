"""Measures the memory of one file in one way of loading it; started by `bench_chunks.py`.

    python tools/benchmarks/memory_probe_chunks.py FILE WAY SMALLEST

WAY is `interpreter`; `compiled`, the runtime's CompiledModel; `first cache`, the same with
XNNPACK's cache of packed weights in a file beside FILE, which it writes; `cache`, with the one that
is there. Every signature runs once. Prints JSON; bytes more than after a run of SMALLEST:

* `peak`: the largest resident memory on the way, pages of mapped files among it.
* `private`: resident memory that is no page of a file. It alone must be kept or swapped.
* `mapped`: resident pages of FILE and of the cache. The kernel drops them whenever memory is short
  and reads them again; `dirty` ones, of a cache just made, it writes to the disk first.
* `resident_after_giving_back`: resident memory after `madvise(MADV_DONTNEED)` on these mappings and
  one more run of each signature, which brings back what a run really reads of them.
"""

import ctypes
import json
import os
import pathlib
import re
import sys

import numpy as np


def interpreter(path):
    """Functions that run each signature."""
    from ai_edge_litert.interpreter import Interpreter

    loaded = Interpreter(model_path=path, num_threads=1)
    loaded.allocate_tensors()

    def run(name):
        if name is None:
            return loaded.invoke()
        runner = loaded.get_signature_runner(name)
        details = runner.get_input_details()
        return runner(**{n: np.zeros(d["shape"], d["dtype"]) for n, d in details.items()})

    return [lambda name=name: run(name) for name in loaded.get_signature_list() or [None]]


def compiled(path, cache=""):
    """Functions that run each signature."""
    from ai_edge_litert.compiled_model import CompiledModel, CpuOptions, Options

    cpu = CpuOptions(num_threads=1, xnnpack_weight_cache_path=cache)
    loaded = CompiledModel.from_file(path, options=Options(cpu_options=cpu))
    calls = []
    for name, ends in loaded.get_signature_list().items():
        index = loaded.get_signature_index(name)
        details = loaded.get_input_tensor_details(name)
        buffers = loaded.create_input_buffers(index), loaded.create_output_buffers(index)
        for end, buffer in zip(ends["inputs"], buffers[0], strict=True):
            buffer.write(np.zeros(details[end]["shape"], details[end]["dtype"]))
        calls.append(lambda index=index, buffers=buffers: loaded.run_by_index(index, *buffers))
    return calls


def main():
    """Loads, runs, looks and prints."""
    path, way, smallest = sys.argv[1:]
    path, cache = os.path.realpath(path), os.path.realpath(path) + ".cache"
    load = {
        "interpreter": interpreter,
        "compiled": compiled,
        "first cache": lambda file: compiled(file, "" if file == smallest else cache),
    }
    load["cache"] = load["first cache"]
    if way == "first cache":
        pathlib.Path(cache).unlink(missing_ok=True)
    kept = load[way](smallest)
    for call in kept:
        call()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = _status()
    calls = load[way](path)
    for call in calls:
        call()
    after, (mapped, dirty) = _status(), _mapped(path, cache)
    resident = after["VmRSS"] - before["VmRSS"]
    _give_back(path, cache)
    for call in calls:
        call()
    bytes_ = {
        "peak": after["VmHWM"] - before["VmRSS"],
        "private": after["RssAnon"] - before["RssAnon"],
        "mapped": mapped,
        "dirty": dirty,
        "resident_after_giving_back": resident - mapped + _mapped(path, cache)[0],
        "cache_file": os.path.getsize(cache) if "cache" in way else 0,
    }
    print(json.dumps({"file_bytes": os.path.getsize(path), "bytes": bytes_}))


def _status():
    text = pathlib.Path("/proc/self/status").read_text()
    return {name: 1024 * int(size) for name, size in re.findall(r"(\w+):\s+(\d+) kB", text)}


def _regions(*paths):
    """`(first byte, one after the last, text)` of each mapping of some files."""
    text = pathlib.Path("/proc/self/smaps").read_text()
    for part in re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", text, flags=re.M):
        head = part.split("\n", 1)[0]
        if head.endswith(paths):
            begin, end = (int(place, 16) for place in head.split()[0].split("-"))
            yield begin, end, part


def _mapped(*paths):
    """Resident and dirty bytes of some files' mappings."""
    found = [0, 0]
    for *_, text in _regions(*paths):
        for name, size in re.findall(r"^(\w+):\s+(\d+) kB", text, flags=re.M):
            found[0] += 1024 * int(size) * (name == "Rss")
            found[1] += 1024 * int(size) * (name in ("Shared_Dirty", "Private_Dirty"))
    return found


def _give_back(*paths):
    libc = ctypes.CDLL(None, use_errno=True)
    for begin, end, _ in list(_regions(*paths)):
        dontneed = 4
        if libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), dontneed):
            raise OSError(ctypes.get_errno(), "madvise")


if __name__ == "__main__":
    main()
