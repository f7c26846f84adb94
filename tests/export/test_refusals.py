"""Every bad input is refused with a reason, and leaves no file."""

import importlib
import os

import keras
import numpy as np
import pytest

from lrkeras import layers, structures
from lrkeras.compression.sparsify import sparsify
from lrkeras.export import ConversionError, convert
from lrkeras.system.optional_imports import require

KL = keras.layers
# The package has the function under the name of its module.
convert_module = importlib.import_module("lrkeras.export.convert")


def _stack(*stack, shape=(None, 6), **arguments):
    return keras.Sequential([keras.Input(shape, **arguments), *stack])


def _lstm(**arguments):
    return KL.LSTM(4, return_sequences=True, **arguments)


def _subclassed():
    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.lstm = KL.LSTM(4)

        def call(self, x):
            return self.lstm(x)

    model = Model()
    model(np.zeros((1, 3, 6), "float32"))
    return model


def _with_initial_state():
    x = keras.Input((None, 6))
    _, state = KL.SimpleRNN(4, return_state=True)(x)
    return keras.Model(x, KL.SimpleRNN(4)(x, initial_state=state))


def _called_twice():
    layer = _lstm()
    a, b = keras.Input((None, 6), name="a"), keras.Input((None, 6), name="b")
    return keras.Model([a, b], [layer(a), layer(b)])


def _broken(value):
    model = _stack(_lstm())
    weights = model.get_weights()
    weights[1][0, 0] = value
    model.set_weights(weights)
    return model


def _annealing():
    layer = layers.LSTM(16, joint_structure=structures.doped("kronecker", density=0.1))
    return _stack(layer, shape=(None, 16))


MODELS = {
    "bidirectional": (lambda: _stack(KL.Bidirectional(_lstm())), "reads the sequence backwards"),
    "backwards": (lambda: _stack(_lstm(go_backwards=True)), "go_backwards=False"),
    "lambda": (lambda: _stack(_lstm(), KL.Lambda(lambda x: x)), "cannot be checked"),
    "look-ahead": (
        lambda: _stack(KL.Conv1D(4, 3, padding="same"), KL.LSTM(4)),
        "only 1 steps after it.*form='sequence'",
    ),
    "strided conv": (
        lambda: _stack(KL.Conv1D(4, 3, strides=2, padding="causal"), _lstm()),
        "form='chunk_2', or a multiple of it, or form='sequence'",
    ),
    "pool": (
        lambda: _stack(_lstm(), KL.GlobalMaxPooling1D()),
        r"length is open.*keras\.Input\(\(length, ...\)\)",
    ),
    "time axis": (lambda: _stack(_lstm(), KL.Softmax(axis=1)), "axis=1 runs along time"),
    "slice": (
        lambda: keras.Model(x := keras.Input((None, 6)), _lstm()(x)[:, 0]),
        "takes single steps out",
    ),
    "conv lstm": (
        lambda: _stack(KL.ConvLSTM1D(3, 3, go_backwards=True), shape=(None, 5, 2)),
        "no step form",
    ),
    "no recurrence": (lambda: _stack(KL.Dense(3)), "nothing to carry on"),
    "strings": (
        lambda: keras.Model(
            x := keras.Input((None,), dtype="string"),
            KL.LSTM(4)(KL.Embedding(9, 4)(KL.StringLookup(num_oov_indices=2, vocabulary=["a"])(x))),
        ),
        "num_oov_indices=2",
    ),
    "unbuilt": (lambda: keras.Sequential([_lstm()]), "built Sequential or Functional"),
    "subclassed": (_subclassed, "subclassed model must be rewritten"),
    "not a model": (lambda: KL.LSTM(4), "Expected a keras.Model, received LSTM"),
    "initial state": (_with_initial_state, r"that is computed.*form='seq2seq'.*form='sequence'"),
    "called twice": (_called_twice, "called once"),
    "nan": (lambda: _broken(np.nan), "finite weights, received 1 NaN"),
    "infinity": (lambda: _broken(np.inf), "finite weights"),
    "annealing": (_annealing, r"lrkeras\.sparsify\(model\)"),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(tmp_path, name):
    build, reason = MODELS[name]
    with pytest.raises(ConversionError, match=reason):
        convert(build(), str(tmp_path / "model.tflite"), quantize="int8")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (dict(form="whole"), "`form` to be 'auto', 'step', 'chunk_N' .* received 'whole'"),
        (dict(form="chunk_1"), "N from 2 .* received 'chunk_1'"),
        (dict(form="chunk_-3"), "received 'chunk_-3'"),
        (dict(form="chunk"), "`chunk`, the steps of the form 'chunk', received None"),
        (dict(form="chunk", chunk=1), "received 'chunk' with chunk=1"),
        (dict(form="step", chunk=4), r"the form 'chunk' only, received \['step'\]"),
        (dict(forms=()), "different forms, one or more"),
        (dict(forms=("step", "step")), r"different forms, .* \['step', 'step'\]"),
        (dict(form="sequence", forms=("step",)), "`form` or `forms`, received both"),
        (dict(forms=(7,)), "name of a form, .* received 7"),
        (dict(form="sequence"), "length of the form 'sequence'"),
        (dict(quantize="int2"), r"`quantize` to be one of .*int8.*received 'int2'\."),
        (dict(quantize="int8_full"), "`sample` with quantize='int8_full', received None"),
        (dict(runtime="1.0"), "`runtime` to be one of .*2.16.*received '1.0'"),
        (dict(steps=0), "`steps` to be at least 1"),
        (dict(metadata={"x": object()}), "JSON"),
        (dict(sample=np.zeros((3, 5))), r"of shape \(1, time, 6\), received \(3, 5\)"),
        (dict(sample={"y": np.zeros((3, 6))}), r"received \['y'\]"),
        (dict(sample=np.full((3, 6), np.nan)), "finite numbers .* received others, such as nan"),
        (dict(sample="a text"), "finite numbers for .*, received str"),
        (dict(sample=np.zeros((0, 6))), "of as many steps .* one or more"),
    ],
)
def test_options(tmp_path, options, reason):
    with pytest.raises(ConversionError, match=reason):
        convert(_stack(_lstm()), str(tmp_path / "model.tflite"), **options)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (keras.ops.erfinv, r"has not: Erfinv \(`.*`\)\. Write it with other"),
        (lambda y: y + np.ones(4), r"has not: .*float64.*array\.astype\('float32'\)\.$"),
    ],
)
def test_operators_that_the_runtime_has_not(call, reason, tmp_path):
    x = keras.Input((3, 6))
    with pytest.raises(ConversionError, match=reason) as caught:
        convert(keras.Model(x, call(_lstm()(x))), tmp_path / "model.tflite", form="sequence")
    assert len(str(caught.value)) < 400 and os.listdir(tmp_path) == []


def test_paths(tmp_path):
    model = _stack(_lstm())
    with pytest.raises(ConversionError, match="path that can be written"):
        convert(model, str(tmp_path / "missing" / "model.tflite"))
    with pytest.raises(ConversionError, match="received the folder"):
        convert(model, str(tmp_path))
    assert os.listdir(tmp_path) == []


def test_other_backends_are_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ConversionError, match="KERAS_BACKEND=tensorflow"):
        convert(_stack(_lstm()), str(tmp_path / "model.tflite"))
    assert os.listdir(tmp_path) == []


def test_a_failed_conversion_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")
    with pytest.raises(ConversionError):
        convert(_broken(np.nan), str(path))
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["model.tflite"]


def test_a_missing_package_names_the_extra():
    with pytest.raises(ImportError, match=r'pip install "lrkeras\[export\]"'):
        require("no_such_package.module")


# What a conversion goes through, and what each part might raise.
STAGES = {
    "convert.lower": RuntimeError("MLIR said\n  something"),
    "rounded_source.as_float32": TypeError("no such config"),
    "convert.set_minimum_runtime": KeyError("operator"),
    "convert.check_parity": RuntimeError("the runtime gave up"),
    "delegates.delegate_report.interpreter_of": ValueError("cannot be loaded"),
    "conversion_report.package_versions": OSError("no disk"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_whatever_fails_inside_is_told_plainly_and_leaves_no_file(tmp_path, monkeypatch, stage):
    module, _, name = stage.rpartition(".")

    def fail(*args, **kwargs):
        raise STAGES[stage]

    monkeypatch.setattr(importlib.import_module(f"lrkeras.export.{module}"), name, fail)
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")
    with pytest.raises(ConversionError, match="No file was written") as caught:
        convert(_stack(_lstm()), path)
    assert "`sequential" in str(caught.value) and "\n" not in str(caught.value)
    assert caught.value.__cause__ is STAGES[stage]
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["model.tflite"]


@pytest.mark.parametrize("after", ["MUL", "nothing"])
def test_a_sparse_product_without_its_tanh_is_a_conversion_error(tmp_path, monkeypatch, after):
    """What the TensorFlow converter might make of a step one day."""
    layer = layers.LSTM(
        32, joint_structure=structures.doped("kronecker", density=0.05, block=(1, 16))
    )
    model = _stack(layer, shape=(None, 32))
    sparsify(model)
    lower = convert_module.lower

    def other_graph(models):
        file = lower(models)
        (graph,) = file.graphs
        sparse = next(iter(models[0].lowerings.values())).filter.weight
        (product,) = [op for op, weight in graph.products() if np.array_equal(weight, sparse)]
        for reader in graph.consumers()[int(product.outputs[0])]:
            file.set_op(reader, "MUL", 1)
        if after == "nothing":
            product.inputs = np.array([product.inputs[1], product.inputs[0], -1], np.int32)
        return file

    monkeypatch.setattr(convert_module, "lower", other_graph)
    expected = "a sum and a tanh after a block-sparse product|a product with the sparse filter"
    with pytest.raises(ConversionError, match=expected):
        convert(model, tmp_path / "model.tflite", quantize="int8")
    assert os.listdir(tmp_path) == []
