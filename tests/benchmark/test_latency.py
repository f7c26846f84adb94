import gc
import json

import keras
import numpy as np
import pytest

from lrkeras.benchmark import benchmark, timed_model
from lrkeras.benchmark.call_overhead import smallest_model
from lrkeras.benchmark.timed_model import TimedModel
from lrkeras.export import StepRunner, convert
from lrkeras.export.runtime.interpreters import open_interpreter


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    paths = []
    for units in (400, 16):
        stack = [keras.Input((None,), name="t"), keras.layers.Embedding(9, 8)]
        model = keras.Sequential([*stack, keras.layers.LSTM(units)])
        paths.append(str(folder / f"{units}.tflite"))
        convert(model, paths[-1], steps=2)
    paths.append(str(folder / "plain.tflite"))
    (folder / "plain.tflite").write_bytes(smallest_model())
    return paths


def test_larger_model_takes_longer(paths):
    report = benchmark(paths, rounds=30, cold=False)
    large, small, plain = report.files
    assert large.median_us > 3 * small.median_us and small.speedup > 3
    assert large.speedup == 1 and large.speedup_quartiles == (1, 1)
    low, high = small.speedup_quartiles
    assert low <= small.speedup <= high
    for row in report.files:
        assert 0 < row.median_us <= row.p90_us <= row.p99_us
        assert row.count == 300 and min(row.open_us, row.allocate_us, row.first_run_us) > 0
        assert row.load_us == pytest.approx(row.open_us + row.allocate_us + row.first_run_us)
        assert row.signature == (None if row is plain else "step") and row.step_us == row.median_us
    assert large.file_bytes > 4 * 4 * 400 * 400
    # A file that computes next to nothing takes about the overhead.
    assert plain.median_us == pytest.approx(report.overhead_us, rel=3)


def test_report_names_its_conditions(paths):
    report = benchmark(paths[1], rounds=2, use_xnnpack=False, num_threads=2, seed=7)
    parsed = json.loads(report.to_json())
    assert parsed["num_threads"] == 2 and parsed["seed"] == 7 and not parsed["use_xnnpack"]
    assert parsed["versions"]["ai-edge-litert"] and "cores" in parsed["machine"]
    assert parsed["load_average"] is None or parsed["load_average"] >= 0
    assert "2 thread(s), no XNNPACK" in report.render().renderables[-1]


@pytest.fixture(scope="module")
def two_forms(tmp_path_factory):
    stack = [keras.Input((None,), name="t"), keras.layers.Embedding(9, 5)]
    stack += [keras.layers.LSTM(4, return_sequences=True), keras.layers.GRU(3)]
    path = tmp_path_factory.mktemp("forms") / "two.tflite"
    convert(keras.Sequential(stack), path, forms=["step", "chunk_3"])
    return path


@pytest.mark.parametrize("signature", ["step", "chunk_3"])
def test_states_of_every_signature_are_fed_back(two_forms, signature):
    model = TimedModel(two_forms, 1, True, np.random.default_rng(0), signature)
    assert len(model._feedback) == 3
    # Another caller, and steps alone.
    alone = StepRunner(two_forms)
    (_, tokens), *_ = model._inputs
    for turn in range(3):
        if turn:  # the constructor ran it once
            model.run_ns()
        for token in tokens[turn][0]:
            alone.step([[token]])
    states = [model._interpreter.get_tensor(index) for index in model._feedback]
    for expected in alone.states.values():
        same = [state for state in states if state.shape == expected.shape]
        assert any(np.allclose(expected, state, atol=1e-6) for state in same)


def test_smallest_model_adds(paths):
    interpreter = open_interpreter(paths[2])
    index = interpreter.get_input_details()[0]["index"]
    interpreter.set_tensor(index, np.array([1.5], "float32"))
    interpreter.invoke()
    output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert output.tolist() == [3.0]


def test_no_file_pays_for_collecting_garbage(paths, monkeypatch):
    collected = []

    def loaded(*arguments):
        collected.append(gc.isenabled())
        return load(*arguments)

    load = timed_model.load_interpreter
    monkeypatch.setattr(timed_model, "load_interpreter", loaded)
    TimedModel(paths[0], 1, True, np.random.default_rng(0))
    assert collected == [False]
    assert gc.isenabled()


def test_bad_calls(paths, tmp_path):
    with pytest.raises(ValueError, match="at least one file"):
        benchmark([])
    with pytest.raises(ValueError, match="rounds=0"):
        benchmark(paths, rounds=0)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        benchmark([tmp_path / "missing.tflite"])
    (tmp_path / "broken.tflite").write_bytes(b"\x1c\x00\x00\x00TFL3" + b"\x00" * 9)
    with pytest.raises(ValueError, match="runtime can load"):
        benchmark([tmp_path / "broken.tflite"])
