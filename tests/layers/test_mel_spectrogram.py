"""Mel spectrograms of a stream against those of Keras, which centres its frames."""

import keras
import numpy as np
import pytest

from lrkeras import layers

SAMPLES = np.random.default_rng(0).normal(size=(2, 8000)).astype("float32")


@pytest.mark.parametrize("options", [{}, dict(power_to_db=False, mag_exp=1.0, window="hamming")])
def test_frames_inside_the_signal_are_those_of_keras(options):
    # The window fills the frame, and half of it is a whole number of hops.
    options = dict(fft_length=512, sequence_stride=128, num_mel_bins=24, **options)
    expected = np.array(keras.layers.MelSpectrogram(top_db=1e9, **options)(SAMPLES))
    actual = np.array(layers.MelSpectrogram(**options)(SAMPLES))
    assert actual.shape == (2, 24, 62)
    # Frame t of Keras ends 256 samples after sample 128 t; frame t + 1 here does.
    np.testing.assert_allclose(actual[..., 3:60], expected[..., 2:59], rtol=2e-4, atol=2e-3)


def test_the_future_does_not_change_a_frame():
    layer = layers.MelSpectrogram(fft_length=400, sequence_stride=160, num_mel_bins=8)
    whole = np.array(layer(SAMPLES))
    np.testing.assert_allclose(np.array(layer(SAMPLES[:, :1600])), whole[..., :10], atol=1e-4)
    loud = SAMPLES.copy()
    loud[:, 1600:] *= 1e4
    np.testing.assert_allclose(np.array(layer(loud))[..., :10], whole[..., :10], atol=1e-4)


def test_shapes_config_and_top_db():
    layer = layers.MelSpectrogram(fft_length=400, sequence_stride=160, num_mel_bins=8, top_db=20.0)
    assert layer.compute_output_shape((3, 1599)) == (3, 8, 9)
    assert layer.compute_output_shape((3, None)) == (3, 8, None)
    again = layers.MelSpectrogram.from_config(layer.get_config())
    decibels = np.array(again(SAMPLES))
    np.testing.assert_array_equal(decibels, np.array(layer(SAMPLES)))
    assert decibels.min() == pytest.approx(decibels.max() - 20.0, abs=1e-3)
    with pytest.raises(ValueError, match="at least `sequence_stride`"):
        layers.MelSpectrogram(fft_length=400, sequence_stride=512)


def test_mel_matrix_is_that_of_keras():
    layer = layers.MelSpectrogram(fft_length=512, num_mel_bins=13, min_freq=100.0, max_freq=7000.0)
    expected = layer.linear_to_mel_weight_matrix(13, 257, 16000, 100.0, 7000.0)
    np.testing.assert_allclose(layer.mel_matrix(), np.array(expected), atol=2e-5)
