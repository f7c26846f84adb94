"""Mel spectrograms whose frames need no samples of the future."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="lrkeras")
class MelSpectrogram(keras.layers.MelSpectrogram):
    """`keras.layers.MelSpectrogram` with frames that end at the last sample they need.

    Takes every argument of the Keras layer. That layer centres its frames, mirrors the signal at
    both ends and cuts at `top_db` below the loudest frame of the whole signal, so that no frame is
    final before the signal has ended. Here, frame `t` is the `sequence_length` samples up to
    sample `(t + 1) * sequence_stride`, with silence before the first sample: what a stream of
    chunks of `sequence_stride` samples gives. `(..., samples)` makes
    `(..., num_mel_bins, samples // sequence_stride)`. Inside a signal the frames are those of the
    Keras layer, each in the place of the hop that its last sample is in.

    Args:
        top_db: `None`, or as in Keras; a model with a number cannot be converted to steps.

    Raises:
        ValueError: If there are samples between frames that no frame sees.

    Example:
    >>> layer = MelSpectrogram(fft_length=512, sequence_stride=160, sequence_length=400)
    >>> layer(np.zeros((1, 16000), "float32")).shape
    (1, 128, 100)
    """

    def __init__(self, *args, top_db=None, **kwargs):
        super().__init__(*args, top_db=top_db, **kwargs)
        if self.sequence_length < self.sequence_stride:
            raise ValueError(
                "`sequence_length` must be at least `sequence_stride`, or samples between two "
                f"frames are lost. Received: sequence_length={self.sequence_length}, "
                f"sequence_stride={self.sequence_stride}"
            )

    @property
    def overlap(self):
        """Number of samples that a frame shares with the one before."""
        return self.sequence_length - self.sequence_stride

    def window_values(self):
        """The window, `(sequence_length,)`."""
        if self.window is None:
            return np.ones(self.sequence_length, "float32")
        if not isinstance(self.window, str):
            return np.asarray(ops.convert_to_numpy(self.window), "float32")
        wave = np.cos(2 * np.pi * np.arange(self.sequence_length) / self.sequence_length)
        weight = {"hann": 0.5, "hamming": 0.54}[self.window]
        return (weight - (1 - weight) * wave).astype("float32")

    def mel_matrix(self):
        """What the bins of the spectrum are multiplied with, `(fft_length // 2 + 1, bands)`.

        That of Keras, which makes it of tensors: triangles over the mel scale of HTK, each with
        its ends at the peaks of its neighbours, and nothing for the constant part of the signal.
        """
        bins = np.linspace(0, self.sampling_rate / 2, self.fft_length // 2 + 1)
        edges = np.linspace(_mel(self.min_freq), _mel(self.max_freq), self.num_mel_bins + 2)
        low, peak, high = edges[:-2], edges[1:-1], edges[2:]
        places = _mel(bins)[:, None]
        triangles = np.minimum((places - low) / (peak - low), (high - places) / (high - peak))
        triangles[0] = 0
        return np.maximum(triangles, 0).astype("float32")

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        padding = [(0, 0)] * (len(x.shape) - 1) + [(self.overlap, 0)]
        frames = ops.extract_sequences(
            ops.pad(x, padding), self.sequence_length, self.sequence_stride
        )
        real, imaginary = ops.rfft(ops.multiply(frames, self.window_values()), self.fft_length)
        mel = self.from_power(ops.square(real) + ops.square(imaginary), self.mel_matrix())
        return ops.cast(ops.swapaxes(mel, -1, -2), self.compute_dtype)

    def from_power(self, power, matrix):
        """Mel bands, in decibels if asked for, of power spectra `(..., bins)`."""
        if self.mag_exp != 2:
            power = ops.sqrt(power) if self.mag_exp == 1 else ops.power(power, self.mag_exp / 2)
        mel = ops.matmul(power, matrix)
        if not self.power_to_db:
            return mel
        reference = 10 * np.log10(max(abs(float(self.ref_power)), self.min_power))
        scale = 10 / np.log(10)
        decibels = ops.log(ops.maximum(mel, self.min_power)) * scale - reference
        if self.top_db is None:
            return decibels
        return ops.maximum(decibels, ops.max(decibels) - self.top_db)

    def compute_output_shape(self, input_shape):
        *batch, samples = input_shape
        frames = None if samples is None else samples // self.sequence_stride
        return (*batch, self.num_mel_bins, frames)


def _mel(hertz):
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)
