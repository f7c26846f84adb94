import numpy as np
import scipy.signal
from keras.ops import convert_to_numpy as to_numpy

from lrkeras.tasks.speech_commands.front_end import BANDS, HOP, log_mel, make_front_end


def sounds(seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(10 * HOP + 100) / 16_000
    glide = 0.4 * np.sin(2 * np.pi * (200 + 3000 * t) * t)
    return np.stack([glide, 0.01 * rng.normal(size=len(t)), np.zeros(len(t))]).astype("float32")


def test_numpy_front_end_is_the_layer():
    samples = sounds()
    frames = log_mel(samples)
    assert frames.shape == (3, 10, BANDS)
    assert frames.dtype == np.float32
    layer = np.swapaxes(to_numpy(make_front_end()(samples)), 1, 2)
    np.testing.assert_allclose(frames, layer, atol=2e-2)  # decibels
    np.testing.assert_allclose(frames[2], np.full((10, BANDS), -60.0), atol=1e-4)


def test_front_end_is_that_of_scipy_in_float64():
    samples = sounds(1)
    window = scipy.signal.get_window("hann", 512)
    padded = np.pad(samples.astype(float), ((0, 0), (192, 0)))
    matrix = make_front_end().mel_matrix().astype(float)
    for frame in range(10):
        power = np.abs(np.fft.rfft(padded[:, frame * HOP : frame * HOP + 512] * window)) ** 2
        expected = 10 * np.log10(np.maximum(power @ matrix, 1e-6))
        np.testing.assert_allclose(log_mel(samples)[:, frame], expected, atol=2e-2)
