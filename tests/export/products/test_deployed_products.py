"""The forms in which products with structures are written, against Keras and NumPy."""

import keras
import numpy as np
import pytest

from lrkeras import layers, sparsify, structures
from lrkeras.export import StepRunner, convert, find_sparse_hazards
from lrkeras.export.products.factor_gates import HybridGates, LowRankGates
from lrkeras.export.products.product_choice import forms_of
from lrkeras.export.products.product_costs import count_blocks, dense_form, sparse_form
from lrkeras.export.quantization import FLOAT16, FLOAT32, INT8, Quantization

pytestmark = pytest.mark.sampled

UNITS, INPUTS = 64, 96


def _sparse(block, density=0.05):
    return structures.Sparse(density=density, block=block, padding="same")


def _layer(where, block):
    sparse = structures.Kronecker() + _sparse(block)
    if where == "dense":
        return layers.Dense(256, kernel_structure=sparse, activation="relu")
    if where == "rhn":
        return layers.RHN(UNITS, return_sequences=True, kernel_structure=sparse)
    options = dict(return_sequences=True, kernel_structure=sparse, recurrent_structure=sparse)
    if where == "lstm":
        return layers.LSTM(UNITS, activation="softsign", **options)
    return layers.GRU(UNITS, reset_after=where == "gru", **options)


@pytest.mark.parametrize(
    ("where", "block", "quantize", "form"),
    [
        ("dense", (1, 16), "int8", "int8 1x16 blocks"),
        ("gru", (1, 16), "int8", "int8 1x16 blocks"),
        ("gru_before", (1, 16), "int8", "int8 1x16 blocks"),
        ("lstm", (1, 16), "int8", "int8 1x16 blocks"),
        ("rhn", (1, 16), "int8", "int8 1x16 blocks"),
        ("dense", (1, 4), None, "float 1x4 blocks"),
        ("gru", (1, 4), "float16", "float 1x4 blocks"),
        ("lstm", None, None, "float weights"),
    ],
)
def test_sparse_parts_are_stored_as_blocks_and_are_right(tmp_path, where, block, quantize, form):
    keras.utils.set_random_seed(0)
    stack = [keras.Input((None, INPUTS)), _layer(where, block)]
    if where == "dense":
        stack.append(keras.layers.SimpleRNN(8, return_sequences=True))
    model = keras.Sequential(stack)
    sparsify(model)
    path = str(tmp_path / "sparse.tflite")
    forms = ["step", "chunk_4"] if where in ("gru", "dense") else None
    report = convert(model, path, quantize=quantize, forms=forms)
    row = report.layers[0]
    assert row.lowering.startswith(form)
    assert all(choice[0].name == form and len(choice) > 2 for choice in row.forms)
    assert find_sparse_hazards(path) == []
    x = np.random.default_rng(1).normal(size=(1, 6, INPUTS)).astype("float32")
    expected = model.predict(x, verbose=0)
    tolerance = (0.03 if quantize == "int8" else 1e-5 if quantize is None else 1e-2) * (
        np.abs(expected).max()
    )
    for xnnpack in (True, False):
        actual = StepRunner(path, use_xnnpack=xnnpack).run(x)
        np.testing.assert_allclose(actual, expected, atol=tolerance)


def test_a_sparse_layer_that_is_used_twice(tmp_path):
    shared = layers.Dense(256, kernel_structure=_sparse((1, 16)))
    x = keras.Input((None, INPUTS))
    h = keras.layers.SimpleRNN(INPUTS, return_sequences=True)(x)
    model = keras.Model(x, shared(x) + shared(h))
    sparsify(model)
    path = str(tmp_path / "twice.tflite")
    report = convert(model, path, quantize="int8")
    assert find_sparse_hazards(path) == []
    assert any(row.lowering.startswith("int8 1x16 blocks") for row in report.layers)


def test_more_columns_than_int8_blocks_can_count(tmp_path):
    layer = layers.Dense(16, kernel_structure=_sparse((1, 16)))
    model = keras.Sequential([keras.Input((None, 4096)), layer, keras.layers.SimpleRNN(2)])
    sparsify(model)
    report = convert(model, tmp_path / "wide.tflite", quantize="int8")
    assert "int8 1x16 blocks" not in {form.name for form in report.layers[0].forms[0]}


def test_full_weights_are_a_dense_matrix():
    structure = structures.Sparse(density=0.9, block=(1, 16))
    structure.build((512, 512))
    structure.prune()
    for quantize in (None, "float16", "int8", "int8_full"):
        best, *others = forms_of(structure, Quantization.get(quantize))
        assert best.name == "dense matrix"
        assert all(form.score >= best.score for form in others)


@pytest.mark.parametrize(
    ("block", "expected"), [(None, "dense matrix"), ((1, 16), "int8 1x16 blocks")]
)
def test_narrow_matrices_are_sparse_only_where_that_is_fast(block, expected):
    # Single weights of 200 units leave many blocks: a dense matrix takes half of their time.
    structure = structures.Sparse(density=0.05, block=block)
    structure.build((400, 800))
    structure.prune()
    best = forms_of(structure, INT8)[0]
    assert best.name == expected


def test_bytes_of_forms_by_hand():
    weight = np.zeros((3, 33), np.float32)
    weight[0, 0] = weight[0, 17] = weight[2, 3] = weight[2, 32] = 1
    assert [count_blocks(weight, width) for width in (1, 4, 16)] == [4, 4, 4]
    # Values, an index of one byte for each block, four bytes for each row and the end.
    assert sparse_form("int8 1x16 blocks", weight).bytes == 4 * 17 + 16
    assert sparse_form("float 1x4 blocks", weight).bytes == 4 * 17 + 16
    assert sparse_form("float weights", weight).bytes == 4 * 5 + 16
    sizes = {q.name: dense_form(3, 33, q).bytes for q in (FLOAT32, FLOAT16, INT8)}
    assert sizes == {None: 396, "float16": 198, "int8": 99}


@pytest.mark.parametrize("inputs", [8, 11])
def test_hybrid_product_is_that_of_the_matrix(inputs):
    structure = structures.Hybrid(rank=3)
    structure.build((inputs, 10))
    x = np.random.default_rng(0).normal(size=(2, 3, inputs)).astype("float32")
    upper, columns, lower = (np.array(w, float) for w in structure.weights)
    half = inputs // 2
    rest = columns[:, None] * np.repeat(lower, [half, inputs - half], axis=0)
    expected = x @ np.concatenate([upper, rest], axis=1)
    np.testing.assert_allclose(np.array(HybridGates([structure])(x)), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "product"),
    [(structures.Hybrid(rank=3), HybridGates), (structures.LowRank(rank=2), LowRankGates)],
)
def test_factors_of_gates_are_multiplied_together(kind, product):
    gates = structures.Concatenated(kind, 3)
    gates.build((11, 30))
    scale = np.repeat([1.0, 0.5, 2.0], 10)
    x = np.random.default_rng(0).normal(size=(2, 3, 11)).astype("float32")
    expected = x @ gates.to_numpy() * scale
    found = product(gates.parts, scale)(x)
    np.testing.assert_allclose(np.array(found), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["low_rank", "hybrid"])
@pytest.mark.parametrize("layer", [layers.LSTM, layers.GRU])
def test_xnnpack_runs_every_node_of_factors(kind, layer, tmp_path):
    structure = structures.get(kind, compression=3)
    stack = [keras.Input((None, 32)), layer(32, joint_structure=structure, return_sequences=True)]
    report = convert(keras.Sequential(stack), tmp_path / "file.tflite", quantize="int8")
    (found,) = report.delegates.graphs
    assert found.partitions == 1
    assert all(node.delegate == "XNNPACK" for node in found.nodes)
