"""Models of raw samples in steps of one hop, against Keras over the whole utterance."""

import json
import pathlib

import keras
import numpy as np
import pytest
import scipy.signal
import scipy.sparse

from lrkeras import layers
from lrkeras.export import ConversionError, StepRunner, convert
from lrkeras.export.steps.mel_step import MelStep
from lrkeras.export.tflite.model_file import ModelFile

pytestmark = pytest.mark.sampled

RATE, HOP = 16000, 160
OPTIONS = dict(
    fft_length=512, sequence_stride=HOP, sequence_length=400, num_mel_bins=20, min_freq=60.0
)
KL = keras.layers


def _speech(seconds, seed=0):
    """Tones that glide, and noise that comes and goes."""
    t = np.arange(int(RATE * seconds)) / RATE
    noise = np.random.default_rng(seed).normal(size=len(t)) * (0.5 + 0.5 * np.sin(3 * t))
    return (0.5 * np.sin(2 * np.pi * (200 + 900 * t) * t) + 0.05 * noise).astype("float32")


def _model(mel=None, samples=None, front=()):
    normalise = KL.Normalization(axis=-1, mean=np.full(20, -30.0), variance=np.full(20, 200.0))
    stack = [mel or layers.MelSpectrogram(**OPTIONS, name="mel"), KL.Permute((2, 1)), normalise]
    head = [KL.LSTM(12, return_sequences=True), KL.Dense(5)]
    return keras.Sequential([keras.Input((samples,), name="audio"), *front, *stack, *head])


def _in_hops(samples):
    return samples[: len(samples) // HOP * HOP].reshape(-1, HOP)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "speech.tflite")


@pytest.mark.parametrize("quantize", [None, "int8"])
def test_steps_are_hops_of_the_utterance(path, quantize):
    keras.utils.set_random_seed(0)
    model, speech = _model(front=[KL.Rescaling(0.8)]), _speech(1.0)
    report = convert(model, path, forms=["step", "chunk_4"], quantize=quantize, sample=speech)
    assert report.inputs == {"audio": (1, 1, HOP)}
    assert report.states["mel_samples"] == (1, 240)
    assert not any(name.startswith("CUSTOM") or "FFT" in name for name in report.operators)
    expected = model.predict(speech[None], verbose=0)
    assert expected.shape == (1, 100, 5)
    tolerance = (2e-5 if quantize is None else 0.05) * np.abs(expected).max()
    actual = StepRunner(path).run(_in_hops(speech))
    np.testing.assert_allclose(actual, expected, atol=tolerance)


@pytest.mark.parametrize("quantize", [None, "float16", "int8"])
def test_files_hold_no_zeros_of_the_mel_matrix_and_keep_quiet_bands(path, quantize):
    layer = layers.MelSpectrogram(**OPTIONS, name="mel")
    model = keras.Sequential([keras.Input((None,)), layer, KL.Permute((2, 1))])
    # A tone, and noise 54 dB beneath it: what is wrong in the transform shows in the quiet bands.
    t = np.arange(4800) / RATE
    noise = np.random.default_rng(0).normal(size=len(t))
    speech = (0.5 * np.sin(2 * np.pi * 430 * t) + 1e-3 * noise).astype("float32")
    report = convert(model, path, forms=["step", "chunk_2"], quantize=quantize, sample=speech)
    assert report.operators["DENSIFY"] == 2  # one for each form
    # Keras's own matrix: two numbers in each column but those at the ends.
    matrix = np.array(layer.linear_to_mel_weight_matrix(20, 257, RATE, 60.0, RATE / 2))
    file = ModelFile(pathlib.Path(path).read_bytes())
    graph = file.graphs[0]
    (densify,) = [op for op in graph.operators if graph.op_name(op) == "DENSIFY"]
    described = graph.tensors[int(densify.inputs[0])]
    stored = graph.data(densify.inputs[0]).view(np.float32)
    np.testing.assert_allclose(np.sort(stored), np.sort(matrix[matrix > 0]), atol=2e-5)
    row, column = described.sparsity.dimMetadata
    parts = (stored, column.arrayIndices.values, row_ends := column.arraySegments.values)
    whole = scipy.sparse.csr_array(parts, shape=tuple(described.shape)).toarray()
    assert (row.denseSize, len(row_ends)) == (20, 21)
    np.testing.assert_allclose(whole.sum(axis=1), matrix.sum(axis=0), rtol=1e-4)
    # Bands of every hop in float64, in decibels.
    window = scipy.signal.get_window("hann", 400)
    padded = np.concatenate([np.zeros(240), speech.astype(float)])
    frames = [padded[at : at + 400] * window for at in range(0, len(speech), HOP)]
    power = np.abs(np.fft.rfft(frames, 512)) ** 2
    expected = 10 * np.log10(np.maximum(power @ matrix.astype(float), layer.min_power))
    errors = np.abs(StepRunner(path).run(_in_hops(speech))[0] - expected)
    most, mean = (0.01, 1e-4) if quantize is None else (1.0, 0.05)
    assert errors.max() < most and errors.mean() < mean


def test_metadata_says_how_many_samples_a_step_takes(path):
    convert(_model(samples=RATE // 4), path)
    metadata = StepRunner(path).metadata
    metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
    assert (metadata["sample_rate"], metadata["hop"]) == (RATE, HOP)


@pytest.mark.parametrize(
    "options",
    [
        dict(mag_exp=1.0, power_to_db=False, window="hamming"),
        dict(mag_exp=1.5, ref_power=0.3, min_power=1e-5, window=None),
        dict(fft_length=400, sequence_length=320),
        dict(fft_length=443, sequence_length=160),  # a prime, and no overlap
    ],
    ids=str,
)
def test_step_is_the_spectrogram_of_scipy(options):
    layer = layers.MelSpectrogram(**{**OPTIONS, **options})
    samples = _speech(0.05, seed=3)
    before = np.zeros((1, max(1, layer.overlap)), "float32")
    spectrogram, after = MelStep(layer)([samples[None].reshape(1, -1, HOP), before])
    window = np.ones(layer.sequence_length)
    if layer.window is not None:
        window = scipy.signal.get_window(layer.window, layer.sequence_length)
    padded = np.concatenate([np.zeros(layer.overlap), samples.astype(float)])
    expected = []
    for hop in range(len(samples) // HOP):
        frame = padded[hop * HOP : hop * HOP + layer.sequence_length] * window
        power = np.abs(np.fft.rfft(frame, layer.fft_length)) ** layer.mag_exp
        bands = power @ layer.mel_matrix()
        if layer.power_to_db:
            floor = layer.min_power
            bands = 10 * np.log10(np.maximum(bands, floor) / max(layer.ref_power, floor))
        expected.append(bands)
    expected = np.stack(expected, axis=1)
    tolerance = 1e-4 if layer.power_to_db else 1e-4 * expected.max()
    np.testing.assert_allclose(np.array(spectrogram)[0], expected, atol=tolerance, rtol=2e-4)
    if layer.overlap:
        np.testing.assert_array_equal(np.array(after)[0], samples[-layer.overlap :])


def test_a_whole_sequence_has_built_in_operators_too(path):
    x = keras.Input((1600,), name="audio")
    frames = KL.Permute((2, 1))(layers.MelSpectrogram(**OPTIONS)(x))
    model = keras.Model(x, KL.Bidirectional(KL.LSTM(4))(frames))
    report = convert(model, path, form="sequence")
    assert report.inputs == {"audio": (1, 1600)}


REFUSED = {
    "keras": (lambda: _model(KL.MelSpectrogram(**OPTIONS)), r"center=True.*top_db"),
    "top_db": (lambda: _model(layers.MelSpectrogram(**OPTIONS, top_db=80.0)), "top_db=80"),
    "no permute": (
        lambda: keras.Sequential(
            [keras.Input((1600,)), layers.MelSpectrogram(**OPTIONS), KL.LSTM(3)]
        ),
        r"layers over \(time, bands\)",
    ),
    "a layer on samples": (lambda: _model(front=[KL.Dense(800)], samples=800), "on samples"),
    "features": (
        lambda: keras.Sequential(
            [
                keras.Input((None, 3200)),
                KL.LSTM(1600),
                layers.MelSpectrogram(**OPTIONS),
                KL.Permute((2, 1)),
                KL.GRU(2),
            ]
        ),
        "samples of the model's input",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(path, name):
    build, reason = REFUSED[name]
    with pytest.raises(ConversionError, match=reason):
        convert(build(), path)


def test_full_int8_is_refused(path):
    with pytest.raises(ConversionError, match="quiet bands beside loud ones"):
        convert(_model(), path, quantize="int8_full", sample=_speech(0.2))
