"""Wav files as samples of one rate and one channel."""

from __future__ import annotations

import functools
import lzma
import math
import os
import wave
from typing import Any

import numpy as np
from scipy import signal

SAMPLE_RATE = 16_000
# Differences of neighbouring samples pack by a fifth better than samples.
_PACKING = [
    {"id": lzma.FILTER_DELTA, "dist": 2},
    {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 1, "pb": 1},
]
RATES = (4000, 192_000)  # what a recording of speech can have


def read_wav(file: str | os.PathLike, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Reads a wav file, mixes its channels and brings it to a sample rate.

    Integer samples of 8, 16, 24 and 32 bits. Of a file that was cut off, what is there. A file
    whose name ends in `.xz` is unpacked.

    Args:
        file: the file.
        sample_rate: samples a second of the result; others are resampled with a polyphase filter.

    Returns:
        float32 of shape `(samples,)` in [-1, 1].

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a wav file of integer samples, or has no sample.
    """
    try:
        name = os.fspath(file)
        unpacked: Any = lzma.open if name.endswith(".xz") else open
        with unpacked(name, "rb") as packed, wave.open(packed, "rb") as stream:
            channels, width = stream.getnchannels(), stream.getsampwidth()
            rate, content = stream.getframerate(), stream.readframes(stream.getnframes())
    except (wave.Error, EOFError, lzma.LZMAError, RuntimeError) as error:
        raise ValueError(
            f"Expected a wav file of integer samples (PCM), received {os.fspath(file)!r}: "
            f"{error or 'it ends before its header does, or its parts do not fit'}. Save the "
            "recording as 16-bit PCM."
        ) from error
    content = content[: len(content) // (channels * width) * channels * width]
    if not content or not RATES[0] <= rate <= RATES[1]:
        raise ValueError(
            f"Expected a recording of {RATES[0]} to {RATES[1]} samples a second, received "
            f"{os.fspath(file)!r} with {len(content)} bytes of samples and a rate of {rate}. "
            "Record it again."
        )
    samples = _decode(content, width).reshape(-1, channels).mean(axis=1)
    return resample(samples, rate, sample_rate)


def resample(samples: np.ndarray, rate: int, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Brings samples `(samples,)` from one rate to another; float32 in [-1, 1]."""
    if rate != sample_rate:
        common = math.gcd(rate, sample_rate)
        samples = signal.resample_poly(samples, sample_rate // common, rate // common)
    # The filter may overshoot a clipped recording.
    return np.clip(samples, -1, 1).astype(np.float32)


def write_wav(file: str | os.PathLike, samples: np.ndarray, sample_rate: int = SAMPLE_RATE) -> None:
    """Writes samples in [-1, 1] as a wav file of 16 bits and one channel, packed if named `.xz`.

    Raises:
        ValueError: the samples are not finite numbers of shape `(samples,)`.
    """
    samples = np.asarray(samples)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise ValueError(
            f"Expected finite samples of shape (samples,), received {samples.shape} with "
            f"{int(np.sum(~np.isfinite(samples)))} that are not finite. Mix the channels first."
        )
    numbers = np.clip(np.round(samples * 32768), -32768, 32767).astype("<i2")
    name = os.fspath(file)
    opened: Any = functools.partial(lzma.open, filters=_PACKING) if name.endswith(".xz") else open
    with opened(name, "wb") as target, wave.open(target, "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(sample_rate)
        stream.setnframes(len(numbers))  # a packed file cannot be gone back in
        stream.writeframes(numbers.tobytes())


def _decode(content: bytes, width: int) -> np.ndarray:
    """Little-endian integers as numbers in [-1, 1)."""
    octets = np.frombuffer(content, np.uint8)
    if width == 1:  # the only one without a sign
        return (octets.astype(np.float64) - 128) / 128
    # Up to four bytes, the highest ones first: a 24-bit number is a 32-bit one that ends in zero.
    wide = np.zeros((len(octets) // width, 4), np.uint8)
    wide[:, 4 - width :] = octets.reshape(-1, width)
    return wide.view("<i4")[:, 0] / 2.0**31
