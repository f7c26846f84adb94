"""Settings, signatures, memory and quality in one benchmark."""

import json
import sys

import keras
import numpy as np
import pytest
from rich.console import Console
from tiny_models import TinyModel, recurrence

from lrkeras.benchmark import FileMemory, FileQuality, benchmark, plot_latency
from lrkeras.benchmark.caches import CacheFlusher
from lrkeras.benchmark.call_overhead import smallest_model
from lrkeras.benchmark.signatures import read_model, signature_graphs, steps_of
from lrkeras.benchmark.timed_model import TimedModel
from lrkeras.export import convert
from lrkeras.export.tflite.model_file import ModelFile

UNITS = 600
WEIGHT_BYTES = 4 * UNITS * UNITS


@pytest.fixture(scope="module")
def chunked(tmp_path_factory):
    path = tmp_path_factory.mktemp("chunked") / "chunked.tflite"
    return recurrence({"chunk_4": 4, "step": 1}, UNITS).save(path)


@pytest.fixture
def smallest(tmp_path):
    path = tmp_path / "smallest.tflite"
    path.write_bytes(smallest_model())
    return str(path)


def _text(report):
    with open("/dev/null", "w") as nowhere:
        console = Console(width=200, record=True, file=nowhere)
        console.print(report.render())
    return console.export_text()


def test_steps_of_signatures(chunked):
    names = ("chunk_16", "chunk_0", "chunk", "xchunk_3", "sequence", None)
    file = read_model(chunked)
    assert [steps_of(file, name) for name in names] == [16, 1, 1, 1, 1, 1]
    # `step` comes first, wherever the file has it.
    assert signature_graphs(read_model(chunked)) == {"step": 1, "chunk_4": 0}


def test_a_run_of_a_sequence_is_all_of_its_steps(tmp_path):
    model = keras.Sequential([keras.Input((12, 3)), keras.layers.LSTM(4)])
    paths = [str(tmp_path / f"{form}.tflite") for form in ("step", "sequence")]
    for path, form in zip(paths, ("step", "sequence"), strict=True):
        convert(model, path, form=form)
    step, sequence = benchmark(paths, rounds=5, cold=False).files
    assert (step.steps, sequence.steps) == (1, 12)
    assert sequence.step_us == pytest.approx(sequence.median_us / 12)
    # Each computes the same; a step of its own has the call on top.
    assert sequence.speedup > 1 / 3


def test_a_sequence_of_samples_is_counted_in_hops():
    """As for a step, of which a run takes a hop."""
    model = TinyModel().graph("sequence")
    x, y = model.tensor("samples", (1, 4000)), model.tensor("y", (1, 4000))
    file = ModelFile(model.node("TANH", [x], [y]).ends({"x": x}, {"y": y}).bytes())
    file.set_metadata("lrkeras", json.dumps({"forms": ["sequence"], "hop": 320}).encode())
    assert steps_of(file, "sequence") == 12
    file.set_metadata("lrkeras", b"{}")
    assert steps_of(file, "sequence") == 1  # another converter's


def test_every_signature_has_a_row_and_a_time_per_step(chunked):
    report = benchmark(chunked, rounds=15, cold=False)
    step, chunk = report.files
    assert (step.signature, step.steps) == ("step", 1)
    assert (chunk.signature, chunk.steps) == ("chunk_4", 4)
    assert chunk.step_us == pytest.approx(chunk.median_us / 4)
    assert chunk.step_p90_us == pytest.approx(chunk.p90_us / 4)
    # Four products in one call; how many times as long they take is for a quiet machine to say.
    assert chunk.median_us > step.median_us
    lower, upper = chunk.speedup_quartiles
    assert 0 < lower <= chunk.speedup <= upper
    text = _text(report)
    assert (
        "chunk_4" in text
        and f" {chunk.step_us:.1f} " in text
        and f" {chunk.step_p90_us:.1f} " in text
    )
    (only,) = benchmark(chunked, rounds=1, cold=False, signature="chunk_4").files
    assert only.signature == "chunk_4"
    with pytest.raises(ValueError, match=r"\['step', 'chunk_4'\].*received 'chunk_9'"):
        benchmark(chunked, rounds=1, signature="chunk_9")


def test_signatures_in_other_graphs_run_on_their_own_states(chunked):
    model = TimedModel(chunked, 1, True, np.random.default_rng(0), "step")
    graph = read_model(chunked).graphs[0]
    weight = graph.constant(1)
    state = np.zeros((1, UNITS), np.float32)
    for turn in range(3):
        x = model._inputs[0][1][turn]
        state = np.tanh(state @ weight.T + x)
        if turn:  # the constructor ran it once
            model.run_ns()
    (index,) = model._feedback
    np.testing.assert_allclose(model._interpreter.get_tensor(index), state, atol=1e-4)


def test_threads_and_delegates_are_compared(chunked):
    report = benchmark(
        chunked, rounds=3, cold=False, signature="step", num_threads=[1, 2], use_xnnpack="both"
    )
    settings = [(row.num_threads, row.use_xnnpack) for row in report.files]
    assert settings == [(1, True), (2, True), (1, False), (2, False)]
    parsed = json.loads(report.to_json())
    assert parsed["num_threads"] == [1, 2] and parsed["use_xnnpack"] == "both"
    text = _text(report)
    assert "1, 2 thread(s), with and without XNNPACK" in text and "off" in text


def test_cold_runs_wait_for_memory(tmp_path):
    # 360 KB of weights, which any cache holds: to bring them back takes several times as long.
    path = recurrence({"step": 1}, 300).save(tmp_path / "model.tflite")
    report = benchmark(path, rounds=9)
    (row,) = report.files
    assert row.cold_us > 1.3 * row.median_us and row.cold_speedup == 1
    assert "cold" in _text(report)
    assert CacheFlusher()._memory.nbytes >= 64 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="the system must tell the memory")
def test_memory_of_a_process_of_its_own(chunked, smallest, tmp_path):
    one = recurrence({"step": 1}, UNITS).save(tmp_path / "one.tflite")
    with_copies = FileMemory.measure(one, 1, True, smallest)
    plain = FileMemory.measure(one, 1, False, smallest)
    both = FileMemory.measure(chunked, 1, True, smallest)
    grown = {}
    for name, memory in (("one", with_copies), ("plain", plain), ("both", both)):
        assert memory.peak >= memory.rss_after > memory.rss_before > 0
        assert memory.pss_after <= memory.rss_after
        grown[name] = memory.anonymous_after - memory.anonymous_before
    # XNNPACK packs a copy of the weights for each node: one here, five in the file of two graphs;
    # the built-in kernel reads the file's own pages.
    assert 0.8 * WEIGHT_BYTES < grown["one"] < 2 * WEIGHT_BYTES
    assert grown["plain"] < 0.5 * WEIGHT_BYTES
    assert grown["both"] > 1.5 * WEIGHT_BYTES
    resident = plain.rss_after - plain.rss_before
    assert resident > 0.8 * WEIGHT_BYTES


def test_memory_is_part_of_the_report(smallest):
    report = benchmark(smallest, rounds=1, cold=False, memory=True)
    (memory,) = report.memory
    assert memory.path == smallest and memory.peak > 0
    assert memory.file_bytes == len(smallest_model())
    assert "Memory in MB" in _text(report)
    if memory.anonymous_after is not None:
        times = (memory.anonymous_after - memory.anonymous_before) / memory.file_bytes
        assert f" {times:.2f} " in _text(report)
    assert json.loads(report.to_json())["memory"][0]["num_threads"] == 1


def test_failing_memory_process_says_why(smallest, tmp_path):
    (tmp_path / "text.tflite").write_text("no model")
    with pytest.raises(RuntimeError, match=r"exit status 1: .*--no-memory"):
        FileMemory.measure(tmp_path / "text.tflite", 1, True, smallest)


PRINTS = f"{sys.executable} -c \"print('loss'); print(len('{{file}}') / 2)\""


def test_quality_is_the_last_number_of_a_command(smallest):
    report = benchmark(smallest, rounds=1, cold=False, quality=PRINTS)
    assert report.quality == [FileQuality(smallest, len(smallest) / 2, None)]
    assert "quality" in _text(report)


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("no_such_program {file}", "no_such_program: No such file"),
        (f"{sys.executable} -c 1/0 {{file}}", "exit status 1: ZeroDivisionError"),
        (f"{sys.executable} -c 'print(\"good\")' {{file}}", "received 'good'"),
        (f"{sys.executable} -c 'print(\"nan\")' {{file}}", "received 'nan'"),
        (f"{sys.executable} -c pass {{file}}", "received nothing"),
    ],
)
def test_failing_quality_is_reported(smallest, command, error):
    report = benchmark(smallest, rounds=1, cold=False, quality=command)
    assert report.quality[0].value is None and error in report.quality[0].error
    text = _text(report)
    assert "failed" in text and report.files[0].count == 10


def test_foreign_files_with_several_inputs_of_any_type(tmp_path):
    model = TinyModel().graph()
    a, b = (model.tensor(name, (4, 4), "int8", scale=0.1) for name in "ab")
    total = model.tensor("total", (4, 4), "int8", scale=0.2)
    flag, inverse = (model.tensor(name, (3,), "bool") for name in ("flag", "inverse"))
    model.node("ADD", [a, b], [total], version=2, options="AddOptions")
    model.node("LOGICAL_NOT", [flag], [inverse])
    ends = ({"a": a, "b": b, "flag": flag}, {"total": total, "inverse": inverse})
    path = model.ends(*ends).save(tmp_path / "foreign.tflite")
    timed = TimedModel(path, 1, True, np.random.default_rng(0))
    made_up = np.concatenate([np.ravel(values) for _, values in timed._inputs[:2]])
    assert made_up.dtype == np.int8 and made_up.min() < -100 and made_up.max() > 100
    (row,) = benchmark(path, rounds=2, cold=False, memory=True).files
    assert row.signature is None and row.median_us > 0


def test_plot(chunked, tmp_path):
    report = benchmark(chunked, rounds=2, cold=False, num_threads=[1, 2])
    plot_latency(report, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_plot_without_matplotlib(chunked, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    report = benchmark(chunked, rounds=1, cold=False)
    with pytest.raises(ImportError, match=r'pip install "lrkeras\[tasks\]"'):
        plot_latency(report, tmp_path / "plot.png")
    assert not (tmp_path / "plot.png").exists()


def test_dynamic_shapes_are_named(tmp_path):
    model = TinyModel().graph("serve")
    x, y = model.tensor("frames", (1, 8), signature=(1, -1)), model.tensor("y", (1, 8))
    model.node("TANH", [x], [y])
    path = model.ends({"x": x}, {"y": y}).save(tmp_path / "dynamic.tflite")
    with pytest.raises(ValueError, match=r"input 'frames' of shape \(1, -1\)"):
        benchmark(path, rounds=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_threads": []}, "num_threads=\\[\\]"),
        ({"num_threads": [1, 0]}, "num_threads=\\[1, 0\\]"),
        ({"use_xnnpack": "maybe"}, "True, False or \"both\", received 'maybe'"),
        ({"quality": "judge"}, "with {file} in it"),
        ({"quality": "judge '{file}"}, "No closing quotation"),
    ],
)
def test_senseless_options(smallest, options, message):
    with pytest.raises(ValueError, match=message):
        benchmark(smallest, rounds=1, **options)


def test_half_a_file(chunked, tmp_path):
    whole = read_model(chunked).to_bytes()
    for size in (4, 100, len(whole) // 2):
        path = tmp_path / "half.tflite"
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"runtime can load, received '.*half.tflite'"):
            benchmark(path, rounds=1)
