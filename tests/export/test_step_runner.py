import keras
import numpy as np
import pytest

from lrkeras.export import StepRunner, convert


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    layer = keras.layers.GRU(5, name="gru")
    model = keras.Sequential([keras.Input((None, 3), name="x"), layer])
    path = str(tmp_path_factory.mktemp("files") / "gru.tflite")
    convert(model, path, metadata={"labels": ["yes", "no"]})
    return path


def test_reset_starts_again(path):
    runner, x = StepRunner(path), np.ones((1, 1, 3), "float32")
    first, second = runner.step(x), runner.step(x)
    assert not np.allclose(first, second)
    runner.reset()
    np.testing.assert_array_equal(runner.step(x), first)


def test_states_can_be_put_back(path):
    runner, x = StepRunner(path, num_threads=2, use_xnnpack=False), np.ones(3)
    runner.step(x)
    kept = dict(runner.states)
    expected = runner.step(x)
    runner.states = kept
    np.testing.assert_array_equal(runner.step({"x": x}), expected)


def test_run_is_steps_in_a_row(path):
    runner, xs = StepRunner(path), np.random.default_rng(0).normal(size=(4, 3))
    steps = np.stack([runner.step(x)[0] for x in xs])
    runner.reset()
    np.testing.assert_array_equal(runner.run(xs)[0], steps)
    runner.reset()
    np.testing.assert_array_equal(runner.run(xs[None])[0], steps)


def test_names_and_metadata(path):
    runner = StepRunner(path)
    assert runner.input_names == ["x"] and runner.output_names == ["gru"]
    assert runner.state_names == ["gru_h"] and runner.metadata["states"] == ["gru_h"]
    assert runner.metadata["labels"] == ["yes", "no"]


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (np.ones(4), r"shape \(1, 1, 3\), received \(4,\)"),
        ({"y": np.ones(3)}, r"inputs \['x'\], received \['y'\]"),
    ],
)
def test_wrong_inputs(path, x, reason):
    with pytest.raises(ValueError, match=reason):
        StepRunner(path).step(x)


def test_wrong_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        StepRunner(tmp_path / "missing.tflite")
    (tmp_path / "text.tflite").write_text("this is not a flatbuffer")
    with pytest.raises(ValueError, match="runtime can load"):
        StepRunner(tmp_path / "text.tflite")


def test_empty_sequence(path):
    with pytest.raises(ValueError, match="length above zero"):
        StepRunner(path).run(np.zeros((0, 3)))
