"""The Monarch products of all gates against dense matrices in float64."""

import keras
import numpy as np
import pytest

from lrkeras import layers, structures
from lrkeras.export import convert
from lrkeras.export.products.monarch_gates import MonarchGates
from lrkeras.export.tflite.model_file import ModelFile


def _gate(rng, rank, blocks):
    gate = structures.Monarch(rank=rank, blocks=blocks)
    gate.build((12, 20))
    for variable in gate.variables:
        variable.assign(rng.normal(size=variable.shape))
    return gate


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("blocks", [(3, 4), (4, 5), (2, 10)], ids=str)
def test_is_the_product_with_the_dense_matrices(rank, blocks):
    rng = np.random.default_rng(0)
    gates = [_gate(rng, rank, blocks) for _ in range(4)]
    scale = np.repeat([0.5, 0.5, 1.0, 0.25], 20).astype("float32")
    v = rng.normal(size=(1, 12)).astype("float32")
    dense = np.concatenate([np.array(gate.to_dense(), "float64") for gate in gates], axis=1)
    actual = np.array(MonarchGates(gates, scale)(v))
    np.testing.assert_allclose(actual, (v @ dense) * scale, rtol=1e-5, atol=1e-5)


# The candidate of a GRU has inputs of its own.
@pytest.mark.parametrize(("kind", "products"), [(layers.LSTM, 2), (layers.GRU, 4)])
def test_batched_products_of_a_step(tmp_path, kind, products):
    monarch = structures.Monarch(compression=20)
    rnn = kind(256, return_sequences=True, joint_structure=monarch)
    model = keras.Sequential([keras.Input((None, 64)), rnn])
    sample = np.random.default_rng(0).normal(size=(1, 6, 64)).astype("float32")
    file = tmp_path / "step.tflite"
    report = convert(model, file, quantize="int8", sample=sample)  # compares with Keras
    content = ModelFile(file.read_bytes())
    nodes = [content.op_name(op) for graph in content.graphs for op in graph.operators]
    assert nodes.count("BATCH_MATMUL") == products
    # Stored as int8 with one scale, and restored once, by XNNPACK.
    assert nodes.count("DEQUANTIZE") == 2
    assert report.delegates is not None
    (graph,) = report.delegates.graphs
    assert {node.delegate for node in graph.nodes} == {"XNNPACK"}
    assert max(found.error for found in report.parity) < 0.02
    float32 = convert(model, tmp_path / "float32.tflite", sample=sample).file_bytes
    factors = rnn.cell.joint_structure.num_params
    assert 2.9 * factors < float32 - report.file_bytes < 3 * factors


def test_small_factors_are_stored_as_int8_too(tmp_path):
    low_rank = structures.LowRank(rank=5)
    model = keras.Sequential(
        [keras.Input((None, 60)), layers.LSTM(60, recurrent_structure=low_rank)]
    )
    sample = np.random.default_rng(0).normal(size=(1, 6, 60)).astype("float32")
    report = convert(model, tmp_path / "step.tflite", quantize="int8", sample=sample)
    content = ModelFile((tmp_path / "step.tflite").read_bytes())
    # What is left in float32: the bias and values of the step.
    assert content.constant_counts()["int8"] == 60 * 240 + low_rank_numbers(model)
    assert max(found.error for found in report.parity) < 0.02


def low_rank_numbers(model):
    return model.layers[-1].cell.recurrent_structure.num_params
