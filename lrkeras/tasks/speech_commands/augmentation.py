"""Changes to samples and spectrograms that leave the words what they are."""

from __future__ import annotations

import functools

import numpy as np
from scipy import fft, signal

from lrkeras.datasets.wav import SAMPLE_RATE


def change_speed(samples: np.ndarray, factor: float) -> np.ndarray:
    """Plays samples `(samples,)` faster, and with it higher, by linear interpolation."""
    places = np.arange(0, len(samples) - 1, factor)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)


def change_tempo(samples: np.ndarray, factor: float) -> np.ndarray:
    """Says samples `(samples,)` faster at the same pitch: a phase vocoder.

    Flanagan and Golden 1966. The magnitudes of the spectra of overlapping frames are read at other
    times; each frequency turns on from frame to frame as it did there.

    Args:
        samples: float32.
        factor: how many times as fast.

    Returns:
        float32 of `round(samples / factor)` samples.
    """
    window = _window()
    margin = np.zeros(len(window) // 2, np.float32)
    padded = np.concatenate([margin, samples, margin, np.zeros(2 * _SHIFT, np.float32)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, len(window))[::_SHIFT]
    spectrum = fft.rfft(frames * window)
    places = np.arange(0, len(spectrum) - 1, factor)
    before = places.astype(int)
    share = (places - before).astype(np.float32)[:, None]
    size = np.abs(spectrum)
    size = (1 - share) * size[before] + share * size[before + 1]
    turns = _direction(spectrum[before + 1] * spectrum[before].conj())
    turns = np.concatenate([_direction(spectrum[:1]), turns[:-1]])
    spoken = fft.irfft(size * np.cumprod(turns, axis=0), len(window)) * window
    result = _overlapped(spoken)[len(margin) :]
    length = round(len(samples) / factor)
    return np.pad(result, (0, max(0, length - len(result))))[:length].astype(np.float32)


def at_ratio(noise: np.ndarray, speech_power: float, decibels: float) -> np.ndarray:
    """Scales noise so that its mean power is so many decibels below that of the speech."""
    power = float(np.mean(np.square(noise, dtype=np.float64)))
    if power <= 0:
        return noise
    return noise * np.float32(np.sqrt(speech_power / power / 10 ** (decibels / 10)))


def excerpt(samples: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """A part of a recording from a random place on, from its start again where it is short."""
    begin = rng.integers(len(samples))
    return np.take(samples, np.arange(begin, begin + length), mode="wrap")


def narrow_band(samples: np.ndarray) -> np.ndarray:
    """Takes away what a recording of 8,000 samples a second cannot have; shape `(samples,)`."""
    return signal.sosfilt(_low_pass(), samples).astype(np.float32)


def tilt(log_mel: np.ndarray, rng: np.random.Generator, decibels: float) -> np.ndarray:
    """Turns the treble of a spectrogram `(frames, bands)` up or down, as microphones do."""
    ramp = np.linspace(-1, 1, log_mel.shape[-1], dtype=np.float32)
    return log_mel + np.float32(rng.uniform(-decibels, decibels)) * ramp


def spec_augment(
    log_mel: np.ndarray,
    rng: np.random.Generator,
    *,
    masks: int,
    frames: int,
    bands: int,
) -> np.ndarray:
    """Hides stripes of a spectrogram behind its mean. Park et al. 2019 (arXiv 1904.08779).

    Args:
        log_mel: shape `(frames, bands)`, changed in place.
        rng: draws the places and the widths.
        masks: stripes over time, and as many over the bands.
        frames: the widest stripe over time.
        bands: the widest stripe over the bands.
    """
    mean = log_mel.mean()
    for _ in range(masks):
        width = int(rng.integers(frames + 1))
        begin = rng.integers(max(1, len(log_mel) - width + 1))
        log_mel[begin : begin + width] = mean
        width = int(rng.integers(bands + 1))
        begin = rng.integers(max(1, log_mel.shape[1] - width + 1))
        log_mel[:, begin : begin + width] = mean
    return log_mel


_FRAME, _SHIFT = 512, 128  # samples of a frame, and from one to the next


def _direction(numbers: np.ndarray) -> np.ndarray:
    """Complex numbers of size one, in the direction of others."""
    size = np.abs(numbers)
    return np.where(size > 0, numbers / np.maximum(size, np.finfo(np.float32).tiny), 1)


def _overlapped(frames: np.ndarray) -> np.ndarray:
    """Adds frames `(frames, _FRAME)`, each `_SHIFT` after the one before."""
    count, parts = len(frames), _FRAME // _SHIFT
    result = np.zeros((count + parts - 1, _SHIFT), frames.dtype)
    for part in range(parts):
        result[part : part + count] += frames[:, part * _SHIFT : (part + 1) * _SHIFT]
    # The squares of a Hann window, four times shifted by a quarter of it, add up to 3 / 2.
    return result.ravel() / np.float32(1.5)


@functools.cache
def _window() -> np.ndarray:
    return signal.get_window("hann", _FRAME).astype(np.float32)


@functools.cache
def _low_pass() -> np.ndarray:
    return signal.butter(8, 3700, fs=SAMPLE_RATE, output="sos")
