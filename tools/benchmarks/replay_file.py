"""Runs every signature of a .tflite file on one runtime and keeps what comes out.

    python tools/benchmarks/replay_file.py RUNTIME FILE.tflite INPUTS.npz OUTPUTS.npz

RUNTIME is `interpreter` or `compiled` (both of ai-edge-litert), or `tflite-runtime`. INPUTS has an
array (1, time, ...) for each input of the model. Whatever comes out under an input's name goes back
in. OUTPUTS gets an array `SIGNATURE/NAME` for each output, (1, time, ...), and for each state,
(calls, ...). It needs the runtime and NumPy only, so that it runs where nothing else is installed.
"""

import sys

import numpy as np


def interpreter_calls(module, path):
    """For each signature: its inputs as {name: (shape, type)}, and a function from dict to dict."""
    loaded = module.Interpreter(model_path=path, num_threads=1)
    calls = {}
    for name in loaded.get_signature_list():
        runner = loaded.get_signature_runner(name)
        ends = {n: (tuple(d["shape"]), d["dtype"]) for n, d in runner.get_input_details().items()}
        calls[name] = (ends, lambda feed, runner=runner: runner(**feed))
    return calls


def compiled_calls(path):
    """The same of a CompiledModel."""
    from ai_edge_litert.compiled_model import CompiledModel

    loaded = CompiledModel.from_file(path)
    calls = {}
    for name, ends in loaded.get_signature_list().items():
        index = loaded.get_signature_index(name)
        takes, gives = loaded.get_input_tensor_details(name), loaded.get_output_tensor_details(name)
        into, out = loaded.create_input_buffers(index), loaded.create_output_buffers(index)

        def call(feed, index=index, ends=ends, gives=gives, into=into, out=out):
            for end, buffer in zip(ends["inputs"], into, strict=True):
                buffer.write(np.ascontiguousarray(feed[end]))
            loaded.run_by_index(index, into, out)
            return {
                end: buffer.read(int(np.prod(gives[end]["shape"])), gives[end]["dtype"])
                .reshape(gives[end]["shape"])
                .copy()
                for end, buffer in zip(ends["outputs"], out, strict=True)
            }

        found = {n: (tuple(takes[n]["shape"]), takes[n]["dtype"]) for n in ends["inputs"]}
        calls[name] = (found, call)
    return calls


def replay(takes, call, inputs):
    """Outputs (1, time, ...) and states (calls, ...) by name."""
    steps = int(takes[next(iter(inputs))][0][1])
    states = {n: np.zeros(*kind) for n, kind in takes.items() if n not in inputs}
    collected, length = {}, next(iter(inputs.values())).shape[1]
    for begin in range(0, length - steps + 1, steps):
        feed = {
            n: x[:, begin : begin + steps].astype(takes[n][1]).reshape(takes[n][0])
            for n, x in inputs.items()
        }
        for name, value in call({**feed, **states}).items():
            collected.setdefault(name, []).append(np.array(value))
            if name in states:
                states[name] = collected[name][-1]
    return {
        name: np.concatenate(values, axis=0 if name in states else 1)
        for name, values in collected.items()
    }


def main():
    """Runs the command line."""
    runtime, path, given, out = sys.argv[1:]
    if runtime == "tflite-runtime":
        from tflite_runtime import interpreter as module
    else:
        from ai_edge_litert import interpreter as module
    calls = compiled_calls(path) if runtime == "compiled" else interpreter_calls(module, path)
    with np.load(given) as stored:
        inputs = dict(stored)
    found = {}
    for signature, (takes, call) in calls.items():
        for name, value in replay(takes, call, inputs).items():
            found[f"{signature}/{name}"] = value
    np.savez(out, **found)


if __name__ == "__main__":
    main()
