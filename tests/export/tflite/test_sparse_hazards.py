"""The file that the stock tool chain writes wrongly, and the gate that must not let it pass."""

import dataclasses
import io
import os
import warnings

import keras
import numpy as np
import pytest
from rich.console import Console

from lrkeras.export import ConversionError, StepRunner, convert, find_sparse_hazards
from lrkeras.export.conversion_report import ConversionReport
from lrkeras.export.parity.check_parity import check_parity
from lrkeras.export.parity.parity_error import ParityError
from lrkeras.export.parity_limits import ParityLimits
from lrkeras.export.quantization import INT8
from lrkeras.export.steps.step_builder import StepBuilder

UNITS = 64


def _block_sparse(shape, seed):
    """A tenth of the blocks of 16 inputs by one output, as pruning leaves them."""
    rng = np.random.default_rng(seed)
    kept = rng.random((shape[0] // 16, 1, shape[1])) < 0.1
    return (rng.normal(size=(shape[0] // 16, 16, shape[1])) * kept).reshape(shape)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    layer = keras.layers.SimpleRNN(UNITS, return_sequences=True)
    model = keras.Sequential([keras.Input((None, UNITS), name="x"), layer])
    shape = (UNITS, UNITS)
    model.set_weights([_block_sparse(shape, 1), _block_sparse(shape, 2), np.zeros(UNITS)])
    return model


@pytest.fixture(scope="module")
def trap(model, tmp_path_factory):
    """The step as `Optimize.EXPERIMENTAL_SPARSITY` with `DEFAULT` converts it."""
    tf = pytest.importorskip("tensorflow")
    kernel, recurrent, _ = (w.astype("float32") for w in model.get_weights())
    shapes = {"x": (1, 1, UNITS), "simple_rnn_h": (1, UNITS)}

    @tf.function(input_signature=[tf.TensorSpec(s, name=n) for n, s in shapes.items()])
    def step(x, simple_rnn_h):
        h = tf.sin(tf.matmul(x[:, 0], kernel)) * 0 + tf.tanh(
            tf.matmul(x[:, 0], kernel) + tf.matmul(simple_rnn_h, recurrent)
        )
        return {model.layers[0].name: h[:, None], "simple_rnn_h": tf.identity(h)}

    folder = tmp_path_factory.mktemp("trap")
    module = tf.Module()
    module.step = step
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        saved = str(folder / "saved")
        tf.saved_model.save(module, saved, signatures={"step": step.get_concrete_function()})
        converter = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=["step"])
        converter.optimizations = [
            tf.lite.Optimize.DEFAULT,
            tf.lite.Optimize.EXPERIMENTAL_SPARSITY,
        ]
        path = folder / "trap.tflite"
        path.write_bytes(converter.convert())
    return str(path)


def test_stock_file_is_found_to_be_a_hazard(trap):
    assert find_sparse_hazards(trap)


def test_gate_refuses_the_stock_file_and_says_where(model, trap):
    step = StepBuilder(model).build()
    step.state_names, step.output_names = ["simple_rnn_h"], [model.layers[0].name]
    inputs = {"x": np.random.default_rng(0).normal(size=(1, 8, UNITS)).astype("float32")}
    with pytest.raises(ConversionError, match=r"received an.* in `.*` of .* \(.*, XNNPACK\)"):
        check_parity(trap, model, step, inputs, INT8)
    # Without the delegate the very same file is right.
    right = StepRunner(trap, use_xnnpack=False).run(inputs["x"])
    expected = model.predict(inputs["x"], verbose=0)
    assert np.abs(right - expected).max() < 0.2


def test_our_file_of_the_same_model_is_right(model, tmp_path):
    path = str(tmp_path / "model.tflite")
    report = convert(model, path, quantize="int8")
    assert find_sparse_hazards(path) == []
    assert max(found.relative for found in report.parity) < 0.1
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(report.render())
    text = console.export_text()
    assert "dense products" in text and "parity with Keras" in text
    assert isinstance(report, ConversionReport) and isinstance(report.parity[0], ParityError)


def test_gate_failure_inside_convert_leaves_no_file(model, tmp_path):
    strict = dataclasses.replace(INT8, limits=ParityLimits(1e-9, 1e-9, 1e-9))
    with pytest.raises(ConversionError, match="No file was written"):
        convert(model, str(tmp_path / "model.tflite"), quantize=strict)
    assert os.listdir(tmp_path) == []
