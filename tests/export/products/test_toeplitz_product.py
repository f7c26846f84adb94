"""Products with Toeplitz-like matrices against circulants from SciPy, in float64."""

import pathlib

import keras
import numpy as np
import pytest
import scipy.linalg

from lrkeras import layers, structures
from lrkeras.export import StepRunner, convert
from lrkeras.export.products.fourier_stages import split
from lrkeras.export.products.toeplitz_product import ToeplitzProduct
from lrkeras.export.tflite.model_file import ModelFile

pytestmark = pytest.mark.sampled


def _matrix(part):
    """The matrix (outputs, inputs) as its definition says, term by term."""
    side, (inputs, outputs) = max(part.shape), part.shape
    total = np.zeros((side, side))
    for g, h in zip(np.array(part.circulant, float), np.array(part.skew, float), strict=True):
        first_row = np.concatenate([h[:1], -h[:0:-1]])
        total += scipy.linalg.circulant(g) @ scipy.linalg.toeplitz(h, first_row)
    return total[:outputs, :inputs] / np.sqrt(side * part.displacement_rank)


def _part(shape, rank, seed):
    part = structures.ToeplitzLike(displacement_rank=rank)
    part.build(shape)
    rng = np.random.default_rng(seed)
    part.circulant.assign(rng.normal(size=part.circulant.shape))
    part.skew.assign(rng.normal(size=part.skew.shape))
    return part


@pytest.mark.parametrize("shape", [(12, 12), (35, 20), (9, 30), (8, 5), (6, 49), (4, 3)], ids=str)
@pytest.mark.parametrize("rank", [1, 3])
def test_is_the_product_with_the_matrix(shape, rank):
    parts = [_part(shape, rank, seed) for seed in range(2)]
    scale = np.repeat([0.5, 1.0], shape[1])
    v = np.random.default_rng(9).normal(size=(3, shape[0]))
    expected = v @ np.concatenate([_matrix(part) for part in parts]).T * scale
    product = ToeplitzProduct(parts, scale)
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(np.array(product(v.astype("float32"))), expected, atol=tolerance)
    one = np.array(product(v[:1].astype("float32")))
    np.testing.assert_allclose(one, expected[:1], atol=tolerance)


def test_sides_split_in_two():
    assert split(97) is None
    for side in (4, 12, 1300, 3000):
        n1, n2 = split(side)
        # n1 + 4 n2 is least at n1 = 4 n2, which these come close to.
        assert n1 * n2 == side and n1 + 4 * n2 <= 1.25 * 4 * np.sqrt(side)
    with pytest.raises(ValueError, match="received 7"):
        ToeplitzProduct([_part((7, 7), 1, 0)])


def _layer(where):
    toeplitz = structures.ToeplitzLike(displacement_rank=2)
    if where == "dense":
        return layers.Dense(192, kernel_structure=toeplitz)
    kind = layers.GRU if where == "gru" else layers.LSTM
    return kind(48, return_sequences=True, recurrent_structure=toeplitz, kernel_structure=toeplitz)


@pytest.mark.parametrize(
    ("where", "forms"),
    [("dense", ["step", "chunk_4"]), ("lstm", ["step", "chunk_4"]), ("gru", ["step"])],
)
def test_files_hold_no_dense_matrix(tmp_path, where, forms):
    keras.utils.set_random_seed(0)
    stack = [keras.Input((None, 96)), _layer(where)]
    if where == "dense":
        stack.append(keras.layers.LSTM(4, return_sequences=True))
    model = keras.Sequential(stack)
    path = str(tmp_path / "toeplitz.tflite")
    report = convert(model, path, forms=forms, steps=8)
    row = report.layers[0]
    assert row.lowering == "small Fourier transforms"
    assert {form.name for form in row.forms[0]} == {"small Fourier transforms", "dense matrix"}
    # Chunks have nodes of their own, but the same constants.
    buffers = ModelFile(pathlib.Path(path).read_bytes()).model.buffers
    stored = sum(len(buffer.data) for buffer in buffers if buffer.data is not None)
    gates = 1 if where == "dense" else model.layers[0].cell.gates
    assert stored < 0.6 * 4 * (96 * 192 if where == "dense" else 144 * 48 * gates)
    x = np.random.default_rng(0).normal(size=(1, 5, 96)).astype("float32")
    np.testing.assert_allclose(StepRunner(path).run(x), model.predict(x, verbose=0), atol=1e-5)


def test_a_prime_side_is_a_dense_matrix(tmp_path):
    layer = layers.Dense(31, kernel_structure=structures.ToeplitzLike(displacement_rank=2))
    model = keras.Sequential([keras.Input((None, 31)), layer, keras.layers.GRU(3)])
    report = convert(model, tmp_path / "prime.tflite")
    assert report.layers[0].lowering == "dense matrix"
