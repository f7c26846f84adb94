"""Tables in bands, as the embedding and as the output layer of a file."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras import convert, layers, structures
from lrkeras.export import DelegateReport, StepRunner

pytestmark = pytest.mark.sampled

WORDS, WIDTH = 900, 48


def tied(bands):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    table = layers.Embedding(WORDS, WIDTH, embeddings_structure=bands, name="words")
    x = layers.LSTM(WIDTH, return_sequences=True)(table(tokens))
    return keras.Model(tokens, table(x, reverse=True))


def untied(bands):
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    x = layers.LSTM(WIDTH, return_sequences=True)(
        layers.Embedding(WORDS, WIDTH, embeddings_structure=bands)(tokens)
    )
    return keras.Model(tokens, layers.Dense(WORDS, kernel_structure=bands)(x))


def bands(order=None):
    return structures.FrequencyBands((200, 700), (None, 8), order=order)


@pytest.mark.parametrize("quantize", [None, "int8", "float16"])
@pytest.mark.parametrize("build", [tied, untied])
def test_every_word_is_looked_up_and_scored_as_in_keras(build, quantize, tmp_path):
    model = build(bands())
    path = tmp_path / "model.tflite"
    convert(model, path, quantize=quantize)
    runner = StepRunner(path)
    # One word of each band at its borders, and some between.
    tokens = np.array([0, 199, 200, 899, 57, 640])
    found = np.stack([runner.step(np.array([[token]]))[0, 0] for token in tokens])
    expected = to_numpy(model(tokens[None]))[0]
    tolerance = 1e-4 if quantize is None else 0.03
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())


def test_the_file_is_as_small_as_the_bands(tmp_path):
    sizes = {}
    for name, structure in (("dense", None), ("bands", bands())):
        convert(tied(structure), tmp_path / f"{name}.tflite")
        sizes[name] = (tmp_path / f"{name}.tflite").stat().st_size
    saved = 4 * (WORDS * WIDTH - 200 * WIDTH - 8 * (700 + WIDTH))
    assert sizes["dense"] - sizes["bands"] == pytest.approx(saved, abs=8000)


def test_the_output_layer_is_in_one_partition(tmp_path):
    convert(tied(bands()), tmp_path / "model.tflite", quantize="int8")
    (graph,) = DelegateReport.of(tmp_path / "model.tflite").graphs
    products = [node for node in graph.nodes if node.operator == "FULLY_CONNECTED"]
    whole, narrow, wide = products[-3:]
    logits = graph.nodes[-1]
    assert [node.macs for node in (whole, narrow, wide)] == [200 * WIDTH, 8 * WIDTH, 700 * 8]
    assert logits.partition is not None
    assert {node.partition for node in (whole, narrow, wide)} == {logits.partition}


def test_a_vocabulary_in_another_order_is_right_too(tmp_path):
    order = np.random.default_rng(3).permutation(WORDS)
    model = tied(bands(order))
    convert(model, tmp_path / "model.tflite")
    runner = StepRunner(tmp_path / "model.tflite")
    tokens = order[[0, 199, 200, 899]]
    found = np.stack([runner.step(np.array([[token]]))[0, 0] for token in tokens])
    np.testing.assert_allclose(found, to_numpy(model(tokens[None]))[0], atol=1e-4)
