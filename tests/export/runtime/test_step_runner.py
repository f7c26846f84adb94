import itertools
import json
import threading

import keras
import numpy as np
import pytest
import recurrent_equations as equations_of
from tiny_models import recurrence

from lrkeras.export import StepRunner, convert
from lrkeras.export.runtime.call_lengths import call_lengths
from lrkeras.export.tflite.file_header import FileHeader
from lrkeras.export.tflite.model_file import ModelFile

pytestmark = pytest.mark.sampled


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    layer = keras.layers.GRU(5, name="gru")
    model = keras.Sequential([keras.Input((None, 3), name="x"), layer])
    path = str(tmp_path_factory.mktemp("files") / "gru.tflite")
    convert(model, path, metadata={"labels": ["yes", "no"]})
    return path


@pytest.fixture(scope="module")
def of_every_form(tmp_path_factory):
    """An LSTM of steps and chunks, one of chunks alone, and what the equations say of `xs`."""
    model = keras.Sequential(
        [keras.Input((None, 3), name="x"), keras.layers.LSTM(4, return_sequences=True, name="y")]
    )
    folder = tmp_path_factory.mktemp("forms")
    paths = {"all": ["step", "chunk_3"], "late": ["chunk_3", "step"], "chunks": ["chunk_3"]}
    for name, forms in paths.items():
        convert(model, folder / f"{name}.tflite", forms=forms)
    xs = np.random.default_rng(1).normal(size=(3, 14, 3)).astype("float32")
    hs = [np.stack([h for h, _ in equations_of.lstm(x, *model.get_weights())]) for x in xs]
    return {name: str(folder / f"{name}.tflite") for name in paths}, xs, np.stack(hs)


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


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_not_finite_are_named_and_the_states_stay(of_every_form, value):
    paths, xs, _ = of_every_form
    runner = StepRunner(paths["all"])
    runner.run(xs[:1])
    before = {name: state.copy() for name, state in runner.states.items()}
    wrong = xs[:1].astype("float64")
    wrong[0, 11, 2] = value
    with pytest.raises(
        ValueError, match=r"finite numbers as the input 'x', received .* \(0, 11, 2\)"
    ):
        runner.run(wrong)
    with pytest.raises(ValueError, match=r"received .* at \(0, 0, 2\), of 1 such\. The states are"):
        runner.step(wrong[:, 11:12])
    for name, state in before.items():
        np.testing.assert_array_equal(runner.states[name], state)
    runner.states = {name: np.full(state.shape, value) for name, state in before.items()}
    with pytest.raises(ValueError, match="finite numbers as the state"):
        runner.step(xs[:1, :1])
    runner.reset()
    # The sum of all is infinite. One of a step: a product with several of them is, too, or is no
    # number, by the order of adding up. XNNPACK's sigmoid on AVX-512 gives NaN.
    large = np.zeros_like(xs[:1])
    large[..., 0] = 3e38
    runner = StepRunner(paths["all"], use_xnnpack=False)
    assert np.isfinite(runner.run(large)).all()


def test_states_that_become_infinite_are_told_and_the_earlier_ones_stay(tmp_path):
    layer = keras.layers.SimpleRNN(2, activation="linear", return_sequences=True)
    model = keras.Sequential([keras.Input((None, 1), name="x"), layer])
    model.set_weights([np.full((1, 2), 2.0), np.eye(2), np.zeros(2)])
    convert(model, tmp_path / "a.tflite", forms=["step", "chunk_2"])
    runner = StepRunner(tmp_path / "a.tflite")
    runner.step([[[1.0]]])
    for call in (
        lambda: runner.step([[[3e38]]]),
        # In the second of three calls, after two ordinary steps.
        lambda: runner.run(np.array([1, 1, 1, 3e38, 1], "float32")[None, :, None]),
    ):
        with pytest.raises(
            ValueError, match=r"finite states, .* 2 numbers that are not.*as they were"
        ):
            call()
        ((state,),) = (list(runner.states.values()),)
        np.testing.assert_array_equal(state, [[2, 2]])
    np.testing.assert_array_equal(runner.step([[[1.0]]]), [[[4, 4]]])
    # Squares of finite numbers may be infinite.
    runner.states = {name: np.full((1, 2), 1e30) for name in runner.states}
    np.testing.assert_allclose(runner.step([[[1.0]]]), 1e30, rtol=1e-6)


@pytest.mark.parametrize("value", [2.5, 2**40, np.nan])
def test_ids_that_are_none_are_refused(tmp_path, value):
    layers = [keras.layers.Embedding(9, 4), keras.layers.GRU(3)]
    convert(keras.Sequential([keras.Input((None,), dtype="int32"), *layers]), tmp_path / "a.tflite")
    runner = StepRunner(tmp_path / "a.tflite")
    with pytest.raises(ValueError, match=r"numbers of the type int32 .* received .* at \(0, 0\)"):
        runner.step([[value]])
    np.testing.assert_array_equal(runner.step([[3.0]]), StepRunner(tmp_path / "a.tflite").step(3))


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


@pytest.mark.parametrize("name", ["all", "late"])
def test_streams_take_turns_in_one_loaded_file(of_every_form, name):
    paths, xs, expected = of_every_form
    first = StepRunner(paths[name])
    streams = [first, first.stream(), first.stream()]
    got = [[], [], []]
    # One stream runs ahead in chunks, another one step by step, the third in between.
    for begin, end, which in [(0, 7, 0), (0, 2, 1), (0, 4, 2), (7, 14, 0), (2, 3, 1), (4, 14, 2)]:
        got[which].append(streams[which].run(xs[which, begin:end])[0])
    got[1] += [streams[1].step(x)[0] for x in xs[1, 3:]]
    for mine, theirs in zip(got, expected, strict=True):
        np.testing.assert_allclose(np.concatenate(mine), theirs, atol=2e-6)
    late = streams[1].stream()
    assert not late.states["y_h"].any() and streams[1].states["y_h"].any()
    np.testing.assert_allclose(late.step(xs[0, 0])[0, 0], expected[0, 0], atol=2e-6)


def test_streams_in_threads(of_every_form):
    paths, xs, expected = of_every_form
    runner = StepRunner(paths["all"])
    got, together = {}, threading.Barrier(6)

    def feed(number):
        stream, x = runner.stream(), xs[number % 3]
        together.wait()
        for turn in range(20):
            stream.reset()
            steps = [stream.step(one)[0] for one in x[:5]]
            got[number, turn] = np.concatenate([*steps, stream.run(x[5:])[0]])

    threads = [threading.Thread(target=feed, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6 * 20
    for (number, _), mine in got.items():
        np.testing.assert_allclose(mine, expected[number % 3], atol=2e-6)


@pytest.mark.parametrize("name", ["all", "late"])
def test_later_calls_leave_what_was_returned_alone(of_every_form, name):
    paths, xs, _ = of_every_form
    runner, x = StepRunner(paths[name]), xs[0, :3].copy()
    returned = [runner.step(xs[0, 0]), runner.run(x), *runner.states.values()]
    kept = [np.array(array) for array in returned]
    runner.stream().run(xs[1])
    runner.run(xs[2])
    for array, before in zip(returned, kept, strict=True):
        np.testing.assert_array_equal(array, before)
        array[...] = 7  # and what is done to them leaves the runner alone
    runner.reset()
    np.testing.assert_array_equal(runner.step(xs[0, 0]), kept[0])


def test_a_failed_step_keeps_the_states(tmp_path):
    stack = [keras.Input((None,), name="t"), keras.layers.Embedding(6, 4), keras.layers.GRU(3)]
    convert(keras.Sequential(stack), tmp_path / "m.tflite", steps=2)
    runner = StepRunner(tmp_path / "m.tflite")
    runner.step([[2]])
    kept, states = {n: v.copy() for n, v in runner.states.items()}, dict(runner.states)
    with pytest.raises(RuntimeError, match="out of bounds"):
        runner.step([[6]])
    for name, value in kept.items():
        np.testing.assert_array_equal(runner.states[name], value)
    expected = runner.step([[5]])
    runner.states = states
    np.testing.assert_array_equal(runner.step([[5]]), expected)


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ({}, r"'gru_h' of shape \(1, 3\), received none"),
        ({"h": np.zeros((1, 3))}, r"'gru_h' of shape \(1, 3\), received 'h' of shape \(1, 3\)"),
        ({"gru_h": np.zeros(3)}, r"received 'gru_h' of shape \(3,\)"),
    ],
)
def test_states_of_other_names_or_shapes_are_refused(states, message, tmp_path):
    stack = [keras.Input((None, 2)), keras.layers.GRU(3, name="gru")]
    convert(keras.Sequential(stack), tmp_path / "m.tflite")
    runner = StepRunner(tmp_path / "m.tflite")
    expected = runner.step(np.ones(2))
    runner.states = states
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            runner.step(np.ones(2))
    runner.states = {"gru_h": np.zeros((1, 3), "float64")}
    np.testing.assert_array_equal(runner.step(np.ones(2)), expected)


def test_chunks_alone(of_every_form, tmp_path):
    paths, xs, expected = of_every_form
    runner = StepRunner(paths["chunks"])
    got = np.concatenate([runner.run(xs[0, :3]), runner.run(xs[:1, 3:12])], axis=1)
    np.testing.assert_allclose(got[0], expected[0, :12], atol=2e-6)
    with pytest.raises(ValueError, match=r"chunks of \[3\] steps fill, received 4 steps"):
        runner.run(xs[0, :4])
    with pytest.raises(ValueError, match=r"chunks of \[3\] steps alone. Give `run`"):
        runner.step(xs[0, 0])
    # An output of the last step has a value a chunk: every third one of every step.
    last = keras.Sequential([keras.Input((None, 3)), keras.layers.GRU(4)])
    convert(last, tmp_path / "last.tflite", forms=["chunk_3", "step"])
    convert(last, tmp_path / "chunks.tflite", form="chunk_3")
    steps = StepRunner(tmp_path / "last.tflite").run(xs[0, :12])
    chunks = StepRunner(tmp_path / "chunks.tflite").run(xs[0, :12])
    assert steps.shape == (1, 12, 4) and chunks.shape == (1, 4, 4)
    np.testing.assert_allclose(chunks, steps[:, 2::3], atol=2e-6)


def test_call_lengths():
    assert call_lengths(15, [1, 6, 2]) == [6, 6, 2, 1]
    assert call_lengths(8, [4, 6]) == [4, 4]  # six and two would leave a gap
    # As few calls as an exhaustive search finds.
    for length in range(1, 20):
        fewest = next(
            (
                n
                for n in range(length)
                for c in itertools.product([4, 7], repeat=n)
                if sum(c) == length
            ),
            None,
        )
        if fewest is None:
            with pytest.raises(ValueError, match=rf"\[7, 4\] steps fill, received {length} steps"):
                call_lengths(length, [4, 7])
        else:
            cut = call_lengths(length, [4, 7])
            assert sum(cut) == length and len(cut) == fewest and set(cut) <= {4, 7}


def test_header_of_any_file(path, tmp_path):
    header = FileHeader(path)
    assert header.graphs == {"step": 0}
    assert json.loads(header.metadata("lrkeras"))["labels"] == ["yes", "no"]
    with open(path, "rb") as stream:
        assert header.metadata("lrkeras") == ModelFile(stream.read()).metadata("lrkeras")
    plain = FileHeader(recurrence({"chunk_4": 4, "step": 1}).save(tmp_path / "plain.tflite"))
    assert plain.graphs == {"chunk_4": 0, "step": 1} and plain.metadata("lrkeras") is None


def test_files_of_other_signatures_are_refused(tmp_path):
    path = recurrence({"serve": 1}).save(tmp_path / "serve.tflite")
    with pytest.raises(ValueError, match=r"signature 'step' or 'chunk_N', received .*\['serve'\]"):
        StepRunner(path)
