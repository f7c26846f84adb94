import struct
import wave

import mutations
import numpy as np
import pytest

from lrkeras.datasets.wav import read_wav, write_wav


def write(file, content, *, width=2, channels=1, rate=16_000):
    with wave.open(str(file), "wb") as stream:
        stream.setparams((channels, width, rate, 0, "NONE", ""))
        stream.writeframes(content)
    return file


@pytest.mark.parametrize(
    ("width", "content"),
    [
        (1, bytes([0, 64, 128, 255])),
        (2, struct.pack("<4h", -32768, -16384, 0, 32512)),
        (3, b"\x00\x00\x80" + b"\x00\x00\xc0" + b"\x00\x00\x00" + b"\x00\x00\x7f"),
        (4, struct.pack("<4i", -(2**31), -(2**30), 0, 127 * 2**24)),
    ],
)
def test_every_width_of_integers(tmp_path, width, content):
    samples = read_wav(write(tmp_path / "a.wav", content, width=width))
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, np.float32([-1, -0.5, 0, 127 / 128]))


def test_channels_are_averaged(tmp_path):
    content = struct.pack("<4h", 16384, 0, -32768, 16384)
    samples = read_wav(write(tmp_path / "a.wav", content, channels=2))
    np.testing.assert_array_equal(samples, np.float32([0.25, -0.25]))


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_a_tone_stays_that_tone_at_16_khz(tmp_path, rate):
    tone = 0.5 * np.sin(2 * np.pi * 700 * np.arange(rate) / rate)
    write_wav(tmp_path / "a.wav", tone, rate)
    samples = read_wav(tmp_path / "a.wav")
    assert len(samples) == 16_000
    expected = 0.5 * np.sin(2 * np.pi * 700 * np.arange(16_000) / 16_000)
    # Away from the ends, where the filter sees silence.
    np.testing.assert_allclose(samples[400:-400], expected[400:-400], atol=2e-3)


def test_of_a_file_that_was_cut_off_what_is_there(tmp_path):
    whole = write(tmp_path / "a.wav", struct.pack("<4h", 16384, -16384, 8192, 0)).read_bytes()
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole[:-3])  # a sample and a half
    np.testing.assert_array_equal(read_wav(cut), np.float32([0.5, -0.5]))


def test_clipped_recordings_stay_in_range(tmp_path):
    square = np.sign(np.sin(2 * np.pi * 300 * np.arange(8000) / 8000))
    write_wav(tmp_path / "a.wav", square, 8000)
    assert np.abs(read_wav(tmp_path / "a.wav")).max() == 1


def test_writing_rounds_to_16_bits(tmp_path):
    write_wav(tmp_path / "a.wav", np.array([0.5, -1.0, 1.0, 1e-5, 3e-5]))
    expected = np.array([16384, -32768, 32767, 0, 1]) / 32768
    np.testing.assert_array_equal(read_wav(tmp_path / "a.wav"), expected.astype("float32"))


def _float_wav(folder):
    file = write(folder / "float.wav", struct.pack("<2f", 0.5, -0.5), width=4)
    content = bytearray(file.read_bytes())
    content[20:22] = struct.pack("<H", 3)  # the format: IEEE floats
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: write(folder / "a.wav", b""), "0 bytes of samples"),
        (lambda folder: write(folder / "a.wav", b"\0\0", rate=1), "a rate of 1"),
        (_float_wav, "unknown format: 3.*16-bit PCM"),
    ],
)
def test_files_that_hold_no_recording(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        read_wav(make(tmp_path))


@pytest.mark.parametrize("content", [b"", b"ID3\x04 not a wav file at all", b"RIFF\x04\0\0\0WAVE"])
def test_a_wav_that_is_not_a_wav(tmp_path, content):
    file = tmp_path / "music.wav"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"Expected a wav file.*music\.wav.*16-bit PCM"):
        read_wav(file)


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_wav(tmp_path / "none.wav")


@pytest.mark.parametrize("samples", [np.zeros((4, 2)), np.array([0.0, np.nan])])
def test_only_samples_are_written(tmp_path, samples):
    with pytest.raises(ValueError, match="finite samples of shape"):
        write_wav(tmp_path / "a.wav", samples)
    assert not list(tmp_path.iterdir())


def test_damaged_recordings_are_read_or_refused_with_a_reason(tmp_path):
    """Python's own reader has a `RuntimeError` without a word for chunks that do not fit."""
    path = tmp_path / "a.wav"
    write_wav(path, np.sin(np.arange(400)))
    whole, told = path.read_bytes(), []
    for seed in range(400):
        path.write_bytes(mutations.broken_bytes(whole, np.random.default_rng(seed))[1])
        try:
            read_wav(path)
        except ValueError as error:
            told.append(str(error))
    assert len(told) > 20 and all(text.startswith("Expected") for text in told)
