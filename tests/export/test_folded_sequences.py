"""Recurrent layers over an axis that stands in the place of the batch, as in dual-path networks."""

import keras
from keras import ops

import lrkeras


def test_the_rows_of_a_spectrogram_are_sequences_of_their_own(tmp_path):
    x = keras.Input(batch_shape=(1, 4, 3, 2))
    rows = ops.reshape(x, (4, 3, 2))
    along = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True))(rows)
    across = keras.layers.GRU(2, return_sequences=True)(ops.transpose(along, (1, 0, 2)))
    model = keras.Model(x, ops.reshape(across, (1, 3, 4, 2)))
    report = lrkeras.convert(model, tmp_path / "m.tflite", form="sequence")
    assert all(error.relative < 1e-5 for error in report.parity)


def test_a_sum_of_one_number_for_each_step(tmp_path):
    """Keras takes it for a bias along an image's channels."""
    x = keras.Input((4, 2))
    recurrent = keras.layers.LSTM(1, return_sequences=True)(x)
    model = keras.Model(x, keras.layers.Add()([recurrent, keras.layers.Dense(1)(x)]))
    report = lrkeras.convert(model, tmp_path / "m.tflite", form="sequence")
    assert all(error.relative < 1e-5 for error in report.parity)
