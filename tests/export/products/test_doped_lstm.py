"""The fused doped step against NumPy float64 over the weights that the file really holds."""

import keras
import numpy as np
import pytest
import recurrent_equations as equations_of

from lrkeras import layers, structures
from lrkeras.compression.sparsify import sparsify
from lrkeras.export import StepRunner, convert, find_sparse_hazards
from lrkeras.export.passes import quantize_weights
from lrkeras.export.products import product_costs as product_form
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.sparse_tensor import BlockSparseFilter

pytestmark = pytest.mark.sampled

UNITS, INPUTS, STEPS = 48, 40, 10
SCALE = np.repeat([0.5, 0.5, 1.0, 0.5], UNITS)


def _doped(base, **arguments):
    sparse = structures.Sparse(density=0.1, block=(1, 16), padding="same")
    layer = layers.LSTM(
        UNITS, return_sequences=True, name="lstm", **{**arguments, "joint_structure": base + sparse}
    )
    model = keras.Sequential([keras.Input((None, INPUTS), name="x"), layer])
    sparsify(model)
    bias = np.random.default_rng(1).normal(size=4 * UNITS)
    layer.cell.bias.assign(bias)
    return model


def _expected(cell, xs, per_channel):
    """Equations of the step with a quantised sparse part and a quantised input to it."""
    parts = cell.joint_structure.parts
    split = [np.split(np.asarray(p.to_dense(), "float64"), 1, axis=1)[0] for p in parts]
    sparse = [np.asarray(p.parts[-1].to_dense()) for p in parts]
    base = np.concatenate([w - s for w, s in zip(split, sparse, strict=True)], axis=1)
    sparse = np.concatenate(sparse, axis=1)
    padded = np.pad(sparse * SCALE, ((0, -len(sparse) % 16), (0, 0))).T.astype("float32")
    dense = BlockSparseFilter.from_dense(padded, per_channel).to_dense()[:, : len(sparse)].T / SCALE
    h, c, out = np.zeros(UNITS), np.zeros(UNITS), []
    for x in xs:
        v = np.concatenate([x, h])
        quantum = np.abs(v).max() / 127
        rounded = np.rint(v / quantum) * quantum
        z = v @ base + rounded @ dense + np.asarray(cell.bias)
        i, f, g, o = np.split(z, 4)
        c = equations_of.sigmoid(f) * c + equations_of.sigmoid(i) * np.tanh(g)
        h = equations_of.sigmoid(o) * np.tanh(c)
        out.append(h)
    return np.stack(out)


@pytest.fixture(autouse=True)
def size_alone_counts(monkeypatch):
    """Layers this small are faster dense; here they take the form of large ones."""
    monkeypatch.setattr(product_form, "_FREE_US", 1e9)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "doped.tflite")


@pytest.mark.parametrize("runtime", ["latest", "2.16"])
@pytest.mark.parametrize(
    "base", [structures.Kronecker(terms=2), structures.LowRank(rank=2)], ids=["kronecker", "low"]
)
def test_fused_step_is_exact_over_its_own_weights(path, base, runtime, monkeypatch):
    monkeypatch.setattr(quantize_weights, "_LEAST_STORED", 1e9)  # the dense factors stay exact
    model = _doped(base)
    report = convert(model, path, quantize="int8", runtime=runtime)
    assert "block-sparse" in report.layers[0].lowering
    xs = np.random.default_rng(2).normal(size=(STEPS, INPUTS)).astype("float32")
    expected = _expected(model.layers[0].cell, xs, per_channel=runtime == "latest")
    for xnnpack in (True, False):
        actual = StepRunner(path, use_xnnpack=xnnpack).run(xs)[0]
        # A value on the border between two quanta may be rounded the other way in float32.
        assert np.abs(actual - expected).max() < 3e-3
        assert np.median(np.abs(actual - expected)) < 1e-5
    assert find_sparse_hazards(path) == []
    assert (report.minimum_runtime == "2.17.0") == (runtime == "latest")


def test_file_holds_the_sparse_part_once_and_in_blocks(path, tmp_path):
    model = _doped(structures.Kronecker())
    fused = convert(model, path, quantize="int8")
    plain = convert(model, str(tmp_path / "plain.tflite"))
    # 88 columns are padded to 96; a tenth of 192 rows x 6 blocks of 16 weights is stored.
    assert plain.file_bytes - fused.file_bytes > 3 * 115 * 16 * 0.5
    assert plain.file_bytes < 4 * 192 * 88 / 3
    assert fused.operators["FULLY_CONNECTED"] == 2
    assert plain.layers[0].lowering.startswith("float 1x4 blocks")
    assert "quantize=None" in plain.layers[0].lowering


def test_projection_and_doped_recurrent_matrix_only(path):
    layer = layers.LSTM(
        UNITS,
        return_sequences=True,
        projection_units=32,
        recurrent_structure=structures.doped("kronecker", density=0.1, block=(1, 16)),
    )
    model = keras.Sequential([keras.Input((None, INPUTS)), layer])
    sparsify(model)
    report = convert(model, path, quantize="int8")
    assert "block-sparse" in report.layers[0].lowering
    xs = np.random.default_rng(2).normal(size=(1, STEPS, INPUTS)).astype("float32")
    np.testing.assert_allclose(StepRunner(path).run(xs), model.predict(xs, verbose=0), atol=0.02)


@pytest.mark.parametrize("use_bias", [True, False])
def test_sparse_part_without_a_structure(path, use_bias):
    sparse = structures.Sparse(density=0.1, block=(1, 16))
    layer = layers.LSTM(32, joint_structure=sparse, use_bias=use_bias)
    model = keras.Sequential([keras.Input((None, 16)), layer])
    sparsify(model)
    report = convert(model, path, quantize="int8")
    assert "block-sparse" in report.layers[0].lowering
    xs = np.random.default_rng(2).normal(size=(1, STEPS, 16)).astype("float32")
    last = StepRunner(path).run(xs)[:, -1]
    np.testing.assert_allclose(last, model.predict(xs, verbose=0), atol=0.02)


def test_two_doped_layers_of_one_size(path):
    model = keras.Sequential([keras.Input((None, 32))])
    for _ in range(2):
        doped = structures.doped("kronecker", density=0.1, block=(1, 16))
        model.add(layers.LSTM(32, return_sequences=True, joint_structure=doped))
    sparsify(model)
    convert(model, path, quantize="int8")
    xs = np.random.default_rng(2).normal(size=(1, STEPS, 32)).astype("float32")
    np.testing.assert_allclose(StepRunner(path).run(xs), model.predict(xs, verbose=0), atol=0.02)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (dict(activation="relu"), "its activation is not tanh"),
        (dict(recurrent_activation="hard_sigmoid"), "its recurrent activation is not sigmoid"),
    ],
)
def test_other_activations_use_a_dense_matrix_and_the_report_says_so(path, arguments, reason):
    model = _doped(structures.Kronecker(), **arguments)
    assert reason in convert(model, path, quantize="int8").layers[0].lowering


def test_scattered_weights_use_a_dense_matrix_and_the_report_says_so(path):
    layer = layers.LSTM(32, joint_structure=structures.doped("kronecker", density=0.2))
    model = keras.Sequential([keras.Input((None, 32)), layer])
    sparsify(model)
    lowering = convert(model, path, quantize="int8").layers[0].lowering
    assert "1x16 blocks hold a weight" in lowering


def test_more_columns_than_a_byte_can_count_use_another_form(path):
    doped = structures.LowRank(rank=1) + structures.Sparse(
        density=0.01, block=(1, 16), padding="same"
    )
    layer = layers.LSTM(8, joint_structure=doped)
    model = keras.Sequential([keras.Input((None, 4080)), layer])
    sparsify(model)
    row = convert(model, path, quantize="int8").layers[0]
    assert "more than 4080 columns" in row.lowering
    assert not row.lowering.startswith("int8 1x16")


def test_layers_of_one_name_are_told_apart(path):
    """Two inner models, each with a layer called `lstm`: both are fused, and both are reported."""
    x = keras.Input((None, 32), name="x")
    y = x
    for number in range(2):
        doped = structures.doped(structures.Kronecker(), density=0.05, block=(1, 16))
        lstm = layers.LSTM(32, return_sequences=True, joint_structure=doped, name="lstm")
        inside = keras.Input((None, 32))
        y = keras.Model(inside, lstm(inside), name=f"inner_{number}")(y)
    model = keras.Model(x, y)
    sparsify(model)
    report = convert(model, path, quantize="int8")
    assert [row.lowering for row in report.layers] == [
        "one block-sparse int8 product with fused tanh"
    ] * 2
    with open(path, "rb") as stream:
        (graph,) = ModelFile(stream.read()).graphs
    sparse = [op for op in graph.operators if _filter_is_sparse(graph, op)]
    assert len(sparse) == 2
    assert list(StepRunner(path).metadata["structures"]) == ["lstm", "lstm_1"]


def _filter_is_sparse(graph, op):
    is_product = graph.op_name(op) == "FULLY_CONNECTED"
    return is_product and graph.tensors[int(op.inputs[1])].sparsity is not None


def test_equal_sparse_parts_are_both_written(path):
    """Two layers with the same weights: the products of both are found by their one value."""
    x = keras.Input((None, 32), name="x")
    doped = structures.doped(structures.Kronecker(), density=0.05, block=(1, 16))
    stack = [
        layers.LSTM(32, return_sequences=True, joint_structure=doped, name=name) for name in "ab"
    ]
    model = keras.Model(x, stack[1](stack[0](x)))
    sparsify(model)
    stack[1].set_weights(stack[0].get_weights())
    report = convert(model, path, quantize="int8")
    assert {row.lowering for row in report.layers} == {
        "one block-sparse int8 product with fused tanh"
    }
