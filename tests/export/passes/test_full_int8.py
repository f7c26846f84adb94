import keras
import numpy as np
import pytest

from lrkeras import layers
from lrkeras.export import StepRunner, convert
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.tflite.model_file import ModelFile

pytestmark = pytest.mark.sampled

KL = keras.layers


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((None,), name="tokens"),
            KL.Embedding(100, 96),
            layers.LSTM(96, return_sequences=True, kernel_structure="low_rank"),
            KL.GRU(96, return_sequences=True),
            KL.Dense(40),
        ]
    )


@pytest.fixture(scope="module")
def tokens():
    return np.random.default_rng(0).integers(0, 100, (1, 25))


def test_products_are_int8_and_the_rest_is_close(model, tokens, tmp_path):
    path = tmp_path / "model.tflite"
    convert(model, path, forms=["step", "chunk_3"], quantize="int8_full", sample=tokens)
    file = ModelFile(path.read_bytes())
    for graph in file.graphs:
        for op in graph.operators:
            if file.op_name(op) == "FULLY_CONNECTED":
                tensors = (op.inputs[0], op.inputs[1], op.outputs[0])
                kinds = {graph.tensors[int(t)].type for t in tensors}
                assert kinds == {file.schema.TensorType.INT8}
    runner = StepRunner(path)
    assert {state.dtype for state in runner.states.values()} == {np.dtype("float32")}
    expected = model.predict(tokens, verbose=0)
    for xnnpack in (True, False):
        runner = StepRunner(path, use_xnnpack=xnnpack)
        chunks = runner.run(tokens)
        runner.reset()
        steps = np.concatenate([runner.step(token) for token in tokens[0]], axis=1)
        for actual in (chunks, steps):
            # Two layers, each off by some quanta of its range of 255.
            assert np.abs(actual - expected).max() < 0.08 * np.abs(expected).max()


def test_ranges_hold_what_is_rare(tmp_path):
    """One large input in forty: a range that averages over the steps would cut it off."""
    layer = KL.SimpleRNN(32, activation=None, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 32), name="x"), layer])
    model.set_weights([np.eye(32), np.zeros((32, 32)), np.zeros(32)])
    xs = np.full((40, 32), 0.5, "float32")
    xs[20] = 8.0
    convert(model, tmp_path / "m.tflite", quantize="int8_full", sample=xs)
    actual = StepRunner(tmp_path / "m.tflite").run(xs)[0]
    assert np.abs(actual - xs).max() < 3 * 8.0 / 127


def test_windows_of_a_generator_share_one_cell(tmp_path):
    """As many graphs as int8 has, and the range of a result that each window gives once."""
    keras.utils.set_random_seed(0)
    layer = KL.LSTM(16)
    model = keras.Sequential([keras.Input((40, 4), name="x"), layer, KL.Dense(3)])
    rng = np.random.default_rng(0)
    quiet, loud = (size * rng.normal(size=(1, 40, 4)).astype("float32") for size in (0.1, 2.0))
    path, options = tmp_path / "m.tflite", {"form": "sequence", "quantize": "int8_full"}
    report = convert(model, path, sample=([window] for window in (quiet, loud)), **options)
    assert report.operators["FULLY_CONNECTED"] == 3
    plain = convert(model, tmp_path / "int8.tflite", form="sequence", quantize="int8")
    assert report.file_bytes < 1.2 * plain.file_bytes
    runner = open_interpreter(path).get_signature_runner("sequence")
    for x in (quiet, loud):
        (actual,) = runner(x=x).values()
        expected = model.predict(x, verbose=0)
        assert np.abs(actual - expected).max() < 0.15 * np.abs(expected).max()
