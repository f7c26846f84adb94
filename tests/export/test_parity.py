"""What the gate refuses: files whose numbers were changed on the way."""

import keras
import numpy as np
import pytest

from lrkeras.export import ConversionError, convert, parity


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, 5))
    return keras.Model(inputs, keras.layers.LSTM(8, return_sequences=True, name="lstm")(inputs))


def change(monkeypatch, steps, amount, name="lstm_h"):
    """Lets one entry of a tensor of every file come out changed, relative to the largest."""
    run_file = parity._run_file

    def changed(runner, inputs):
        values = run_file(runner, inputs)
        largest = max(np.abs(value).max() for value in values[name].values())
        for step in steps:
            values[name][step] = values[name][step].copy()
            values[name][step].flat[3] += amount * largest
        return values

    monkeypatch.setattr(parity, "_run_file", changed)


def test_a_unit_that_is_off_for_a_step_is_no_reason_to_refuse_int8(model, tmp_path, monkeypatch):
    change(monkeypatch, [4], 0.3)
    report = convert(model, tmp_path / "int8.tflite", quantize="int8")
    found = next(error for error in report.parity if error.tensor == "lstm_h")
    assert found.step == 4
    assert found.error > 0.2 > found.lasting > 0
    lasting = max(error.lasting for error in report.parity)
    assert f"{lasting:.2g} lasts, allowed 0.2" in "".join(report._notes())
    for quantize in (None, "float16"):
        with pytest.raises(ConversionError, match=r"an error of .* at step 4"):
            convert(model, tmp_path / "float.tflite", quantize=quantize)
    assert [file.name for file in tmp_path.iterdir()] == ["int8.tflite"]


@pytest.mark.parametrize(
    ("steps", "amount"),
    [
        (range(12), 0.3),  # a unit that is always wrong
        ([7], np.nan),
        ([7], 40.0),  # far beyond what a unit can be
    ],
)
@pytest.mark.parametrize("name", ["lstm_h", "output"])
def test_what_lasts_is_refused(model, tmp_path, monkeypatch, steps, amount, name):
    change(monkeypatch, steps, amount, "lstm" if name == "output" else name)
    with pytest.raises(ConversionError, match="a lasting error"):
        convert(model, tmp_path / "int8.tflite", quantize="int8")
    assert not list(tmp_path.iterdir())
