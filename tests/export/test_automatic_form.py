"""form="auto": steps where every layer can stream, else sequences."""

import json

import keras
import pytest
from keras import layers
from rich.console import Console

from lrkeras.export import ConversionError, convert

pytestmark = pytest.mark.sampled


def model(length, *inside):
    return keras.Sequential([keras.Input((length, 3), name="x"), *inside, layers.Dense(2)])


def test_steps_where_every_layer_can_stream(tmp_path):
    report = convert(model(None, layers.LSTM(4)), tmp_path / "m.tflite", form="auto")
    assert report.form == report.choice.form == "step" and report.choice.layer is None


DECIDED = {
    "both_ways": lambda: model(5, layers.Bidirectional(layers.LSTM(4), name="both_ways")),
    "again": lambda: model(5, layers.LSTM(4), layers.RepeatVector(5, name="again"), layers.GRU(4)),
    "back": lambda: model(5, layers.GRU(4, go_backwards=True, name="back")),
    "ahead": lambda: model(5, layers.Conv1D(3, 3, padding="same"), layers.GRU(4, name="ahead")),
}


@pytest.mark.parametrize("name", DECIDED)
def test_sequences_where_a_layer_cannot(name, tmp_path):
    report = convert(DECIDED[name](), tmp_path / "m.tflite", form="auto")
    assert (report.form, report.choice.layer) == ("sequence", name)
    assert json.loads(report.to_json())["choice"]["layer"] == name
    console = Console(width=200)
    with console.capture() as shown:
        console.print(report.render())
    assert f"`{name}` decided" in shown.get()


def test_an_open_length_is_asked_for(tmp_path):
    both = layers.Bidirectional(layers.LSTM(4), name="both_ways")
    with pytest.raises(ConversionError, match=r"'step'.*'sequence'.*`both_ways`.*steps="):
        convert(model(None, both), tmp_path / "m.tflite", form="auto")
    assert not list(tmp_path.iterdir())
    report = convert(model(None, both), tmp_path / "m.tflite", form="auto", steps=4)
    assert report.inputs == {"x": (1, 4, 3)}


def test_auto_stands_alone(tmp_path):
    with pytest.raises(ConversionError, match="'auto' alone"):
        convert(model(5, layers.GRU(4)), tmp_path / "m.tflite", forms=["auto", "chunk_2"])


def unrolled():
    """A recurrence of Dense layers, written out step by step, as loops of PyTorch are exported."""
    x = keras.Input((6, 3), name="x")
    first, cell = layers.Dense(4, "tanh", name="first"), layers.Dense(4, "tanh", name="cell")
    h = first(x[:, 0])
    for step in range(1, 6):
        h = cell(layers.Concatenate()([x[:, step], h]))
    return keras.Model(x, layers.Dense(2)(h))


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_a_recurrence_that_is_written_out_is_a_sequence(quantize, tmp_path):
    report = convert(unrolled(), tmp_path / "m.tflite", form="auto", quantize=quantize)
    assert report.form == "sequence" and report.parity[0].rows > 0
    assert report.inputs == {"x": (1, 6, 3)}


def test_what_carries_nothing_on_has_no_step(tmp_path):
    only_dense = model(5, layers.Dense(4))
    with pytest.raises(ConversionError, match=r"nothing to carry on.*form='sequence'"):
        convert(only_dense, tmp_path / "m.tflite")
    assert convert(only_dense, tmp_path / "m.tflite", form="sequence").inputs == {"x": (1, 5, 3)}
