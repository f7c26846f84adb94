"""From raw samples to the log-mel frames that the network reads."""

from __future__ import annotations

import functools

import numpy as np
from scipy import fft

from lrkeras import layers
from lrkeras.datasets.wav import SAMPLE_RATE

HOP = 320  # 20 ms: the samples of one step
BANDS = 40
# Power below which a band counts as silent: what differs there is the microphone.
_FLOOR = 1e-6


def make_front_end() -> layers.MelSpectrogram:
    """The layer: `(batch, samples)` to `(batch, bands, frames)` in decibels."""
    return layers.MelSpectrogram(
        fft_length=512,
        sequence_length=512,
        sequence_stride=HOP,
        sampling_rate=SAMPLE_RATE,
        num_mel_bins=BANDS,
        min_freq=60.0,
        max_freq=7600.0,
        min_power=_FLOOR,
        ref_power=1.0,
        name="mel",
    )


def log_mel(samples: np.ndarray) -> np.ndarray:
    """What the layer makes, in NumPy, with the time axis before the bands.

    Training reads log-mels of samples that change at every epoch; here they cost a tenth of a
    training step.

    Args:
        samples: float32 of shape `(batch, samples)`.

    Returns:
        float32 of shape `(batch, samples // HOP, BANDS)`.
    """
    layer, window, matrix = _constants()
    padded = np.pad(samples, ((0, 0), (layer.overlap, 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, layer.sequence_length, axis=1)
    spectrum = fft.rfft(frames[:, ::HOP] * window, layer.fft_length)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return 10 * np.log10(np.maximum(power @ matrix, _FLOOR))


@functools.cache
def _constants() -> tuple[layers.MelSpectrogram, np.ndarray, np.ndarray]:
    layer = make_front_end()
    return layer, layer.window_values(), layer.mel_matrix()
