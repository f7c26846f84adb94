"""What the gate lets pass and what it refuses: files whose numbers were changed on the way."""

import dataclasses

import keras
import numpy as np
import pytest

from lrkeras.export import ConversionError, convert
from lrkeras.export.parity import check_parity
from lrkeras.export.parity.comparison_inputs import windows_of
from lrkeras.export.parity.parity_error import ParityError
from lrkeras.export.parity_limits import ParityLimits
from lrkeras.export.quantization import INT8

pytestmark = pytest.mark.sampled

KL = keras.layers


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, 5))
    return keras.Model(inputs, KL.LSTM(8, return_sequences=True, name="lstm")(inputs))


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((None, 5)), KL.GRU(8), KL.Dense(4, activation="softmax", name="classes")]
    )


def change(monkeypatch, edit, name="lstm_h"):
    """Lets a tensor of every file come out changed: `edit(values by time step, largest)`."""
    run_file = check_parity.run_file

    def changed(runner, inputs, wanted, axes):
        values = run_file(runner, inputs, {**wanted, name: set(range(256))}, axes)
        largest = max(np.abs(value).max() for value in values[name].values())
        values[name] = {step: value.copy() for step, value in values[name].items()}
        edit(values[name], largest)
        return values

    monkeypatch.setattr(check_parity, "run_file", changed)


def shift(steps, amount):
    """One entry, off at some steps by a share of the largest value."""

    def edit(values, largest):
        for step in steps:
            values[step][0, 3] += amount * largest

    return edit


def test_measures_by_hand():
    """Two steps of two sequences with three entries."""
    expected = np.array([[[3.0, 0, 0], [0, 4, 0]], [[0, 0, 0], [0, 0, 0]]])
    found = expected.copy()
    found[0, 0] = [2, 2.5, 0.4]  # another choice, by 3 where outputs range over sqrt(25 / 4)
    found[0, 1, 2] = found[1, 0, 2] = 0.4
    found[1, 1] = [0, 0, 1e-3]  # another choice among equals
    error = ParityError.of(found, expected, [4, 7], tensor="t", signature="s", run="r")
    assert (error.rows, error.step, error.flips) == (4, 4, 1 / 4)
    assert error.error == pytest.approx(2.5 / 4)
    assert error.relative == pytest.approx(np.sqrt(1 + 2.5**2 + 3 * 0.4**2 + 1e-6) / 5)
    assert error.lasting == pytest.approx(0.4 / 4)
    found[1, 1, 2] = np.nan
    error = ParityError.of(
        found, expected, [4, 7], choices=False, tensor="t", signature="s", run="r"
    )
    assert error.relative == error.lasting == error.error == np.inf and error.flips is None


def test_windows_are_cut_evenly_and_start_again():
    (values,) = windows_of({"x": np.arange(10)[None]}, lengths={"x": 4}, least=3).values()
    np.testing.assert_array_equal(values, [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]])
    (values,) = windows_of({"x": np.array([[1, 2, 3]])}, lengths={"x": 4}, least=2).values()
    np.testing.assert_array_equal(values, [[1, 2, 3, 1], [2, 3, 1, 2]])
    (values,) = windows_of({"x": np.arange(8).reshape(4, 2)}, lengths={"x": 2}, least=3).values()
    np.testing.assert_array_equal(values, [[0, 1], [2, 3], [4, 5], [6, 7]])


def test_given_windows_are_all_compared(classifier, tmp_path):
    xs = np.random.default_rng(0).normal(size=(300, 7, 5))
    report = convert(classifier, tmp_path / "model.tflite", sample=xs, quantize="int8")
    assert max(e.rows for e in report.parity if e.tensor == "classes") == 300


def test_one_rule_for_float16_and_int8(model, tmp_path, monkeypatch):
    """Rounded, a unit that stands near its edge may be off for a step: that is no reason."""
    change(monkeypatch, shift([4], 0.3))
    for quantize in ("float16", "int8"):
        report = convert(model, tmp_path / f"{quantize}.tflite", quantize=quantize)
        found = next(error for error in report.parity if error.tensor == "lstm_h")
        assert found.step == 4 and found.error > 0.25
    with pytest.raises(ConversionError, match="No file was written"):
        convert(model, tmp_path / "float32.tflite")
    assert {file.name for file in tmp_path.iterdir()} == {"float16.tflite", "int8.tflite"}


@pytest.mark.parametrize(
    ("steps", "amount"),
    [
        (range(256), 0.3),  # a unit that is always wrong
        ([7], np.nan),
        ([7], 40.0),  # far beyond what a unit can be
    ],
)
@pytest.mark.parametrize("name", ["lstm_h", "lstm"])
@pytest.mark.parametrize("quantize", ["float16", "int8"])
def test_what_lasts_is_refused(model, tmp_path, monkeypatch, steps, amount, name, quantize):
    change(monkeypatch, shift(steps, amount), name)
    with pytest.raises(ConversionError, match=f"received an.* in `{name}`"):
        convert(model, tmp_path / "model.tflite", quantize=quantize)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["step", "sequence"])
def test_windows_are_compared_on_256_of_them(classifier, tmp_path, monkeypatch, form):
    """Twelve other first choices in 256 windows are within 5 %, thirteen are not."""

    def flip(count):
        def edit(values, largest):
            last = values[max(values)]
            if len(last) == 256:  # the other runs are those of other kernels
                last[np.arange(count), last[:count].argmin(axis=1)] = 10.0

        return edit

    only_flips = dataclasses.replace(
        INT8, name="only flips", limits=ParityLimits(1e9, 1e9, INT8.limits.flips)
    )
    options = dict(form=form, steps=12, quantize=only_flips)
    change(monkeypatch, flip(12), "classes")
    report = convert(classifier, tmp_path / "twelve.tflite", **options)
    (outputs,) = [error for error in report.parity if error.tensor == "classes"]
    assert (outputs.rows, outputs.flips) == (256, 12 / 256)
    change(monkeypatch, flip(13), "classes")
    with pytest.raises(ConversionError, match=r"another largest entry than Keras in 5\.1% of 256"):
        convert(classifier, tmp_path / "thirteen.tflite", **options)
