"""Files that ended the process, or led the runtime out of its memory, before they were checked."""

import subprocess
import sys

import flatbuffers
import numpy as np
import pytest
from tiny_models import TinyModel

from lrkeras import StepRunner
from lrkeras.export.tflite.check_file import check_file
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.sparse_tensor import BlockSparseFilter, store_sparse


def _model():
    """A step with a sparse product and a split of its result."""
    tiny = TinyModel().graph("step")
    x, y = tiny.tensor("x", [1, 32]), tiny.tensor("y", [1, 4])
    weight = tiny.tensor("w", [4, 32], "int8", 1, scale=0.1)
    axis = tiny.tensor("axis", [], "int32", 1)
    a, b = (tiny.tensor(f"part_{n}", [1, 2]) for n in range(2))
    # Its activation keeps XNNPACK, which misreads sparse filters, away.
    tanh = {"options": "FullyConnectedOptions", "fusedActivationFunction": 4}
    tiny.node("FULLY_CONNECTED", [x, weight, -1], [y], version=8, **tanh)
    tiny.node("SPLIT", [axis, y], [a, b], options="SplitOptions", numSplits=2)
    tiny.ends({"x": x}, {"a": a, "b": b})
    file = ModelFile(tiny.bytes())
    sparse = BlockSparseFilter.from_dense(np.eye(4, 32), per_channel=False)
    tables = (sparse.shape, sparse.values, sparse.segments, sparse.indices)
    store_sparse(file.graphs[0], weight, *tables)
    return file.model


def _set(path, value):
    def change(model):
        *holders, name = path.split(".")
        holder = model.subgraphs[0]
        for part in holders:
            holder = holder[int(part)] if part.isdigit() else getattr(holder, part)
        setattr(holder, name, value)

    return change


_LEVEL = "tensors.2.sparsity.dimMetadata.1."
_BROKEN = {
    "splits": (_set("operators.1.builtinOptions.numSplits", 7), "7 outputs, as its options say"),
    "no input": (_set("operators.0.inputs", np.array([0], np.int32)), "2 or more inputs"),
    "left out": (_set("operators.1.inputs", np.array([-1, 1], np.int32)), "one left out"),
    "beyond": (_set("operators.0.inputs", np.array([0, 99], np.int32)), "the tensor 99 of 6"),
    "column": (_set(_LEVEL + "arrayIndices.values", np.array([0, 0, 0, 9], np.uint8)), "columns"),
    "rows": (_set(_LEVEL + "arraySegments.values", np.array([0, 9], np.int32)), "rows"),
    "no rows": (_set(_LEVEL + "arraySegments", None), "wrong tables"),
    "order": (_set("tensors.2.sparsity.traversalOrder", np.array([0, 0, 0], np.int32)), "order"),
    "scales": (
        _set("tensors.2.quantization.scale", np.array([1, 1], np.float32)),
        r"wrong tables \(scales\)",
    ),
    "inner": (lambda m: setattr(m.signatureDefs[0].inputs[0], "tensorIndex", 1), "a signature"),
    "graph": (lambda m: setattr(m.signatureDefs[0], "subgraphIndex", 9), "the graph 9 of 1"),
}


def _save(path, model):
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def test_a_whole_file_passes(tmp_path):
    check_file(_save(tmp_path / "whole.tflite", _model()))


@pytest.mark.parametrize("kind", _BROKEN)
def test_broken_files_are_refused_before_the_runtime_sees_them(tmp_path, kind):
    change, message = _BROKEN[kind]
    model = _model()
    change(model)
    path = _save(tmp_path / "broken.tflite", model)
    with pytest.raises(ValueError, match=rf"broken\.tflite.*{message}"):
        check_file(path)
    with pytest.raises(ValueError, match=r"broken\.tflite"):
        StepRunner(path)


def test_long_names_are_cut(tmp_path):
    model = _model()
    model.signatureDefs[0].signatureKey = b"w" * 10_000_000
    with pytest.raises(ValueError, match="signature 'step'") as caught:
        StepRunner(_save(tmp_path / "long.tflite", model))
    assert len(str(caught.value)) < 800


@pytest.mark.parametrize(
    ("end", "status", "said"),
    [
        ("os.kill(os.getpid(), 11)", 1, "ended by SIGSEGV"),
        ("os.abort()", 1, "SIGABRT"),
        ("0", 7, ""),
    ],
)
def test_a_command_whose_process_is_ended_fails_in_a_line(end, status, said):
    program = (
        "import lrkeras_command, os, sys; from lrkeras.cli.apart import run_apart; "
        f"sys.exit(run_apart(lambda words: ({end}, 7)[1], ['inspect', 'x.tflite']))"
    )
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == status
    assert said in done.stderr
    assert done.stderr.count("\n") == (1 if said else 0)
