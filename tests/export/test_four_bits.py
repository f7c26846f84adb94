"""Files with weights of four bits against the integers and scales of the rounded Keras model."""

import keras
import numpy as np
import pytest

import lrkeras
from lrkeras import layers, structures
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.layers.cifg_cell import CIFGCell
from lrkeras.rounding.rounded_copy import plain_copy

pytestmark = pytest.mark.sampled

WORDS, WIDTH, UNITS = 300, 32, 48


def _model(body="LSTM", tied=True, width=WIDTH, table=None):
    keras.utils.set_random_seed(5)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedding = layers.Embedding(WORDS, width, embeddings_structure=table, name="words")
    bodies = {
        "LSTM": lambda: layers.LSTM(
            UNITS, return_sequences=True, projection_units=width, name="lstm"
        ),
        "GRU": lambda: keras.layers.GRU(width, return_sequences=True),
        "CIFG": lambda: keras.layers.RNN(CIFGCell(UNITS, width), return_sequences=True),
        "low rank": lambda: layers.LSTM(
            UNITS,
            return_sequences=True,
            joint_structure=structures.LowRank(rank=40),
            gate_layout="stacked",
            projection_units=width,
            name="lstm",
        ),
        "hybrid": lambda: layers.LSTM(
            UNITS,
            return_sequences=True,
            joint_structure=structures.Hybrid(rank=50),
            gate_layout="stacked",
            projection_units=width,
            name="lstm",
        ),
    }
    hidden = bodies[body]()(embedding(tokens))
    if tied:
        return keras.Model(tokens, embedding(hidden, reverse=True))
    return keras.Model(tokens, keras.layers.Dense(WORDS, name="output")(hidden))


def _unpacked(data, shape):
    """The integers of a tensor of four bits, the first of a pair in the lower half of its byte."""
    data = np.asarray(data, np.uint8)
    halves = np.stack([data & 15, data >> 4], axis=1).reshape(-1)[: np.prod(shape)]
    return np.where(halves > 7, halves.astype(int) - 16, halves).reshape(shape)


def _stored(path, kind):
    """Values of the constant tensors of a kind, with their scales, of every graph of a file."""
    file = ModelFile(path.read_bytes())
    code = getattr(file.schema.TensorType, kind)
    found = []
    for graph in file.graphs:
        for number, tensor in enumerate(graph.tensors):
            data = graph.data(number)
            if tensor.type == code and data is not None:
                shape = graph.shape(number)
                integers = _unpacked(data, shape) if kind == "INT4" else data.view(np.int8)
                scale = np.asarray(tensor.quantization.scale).reshape(-1, 1)
                found.append(integers.reshape(shape) * scale)
    return found


def _is_stored(value, stored):
    return any(s.shape == value.shape and np.allclose(s, value, rtol=1e-6, atol=0) for s in stored)


def _rows(name, rounded):
    """A rounded weight as a filter or a table: outputs, or rows, first."""
    return rounded.dense() if name == "words.embeddings" else rounded.dense().T


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("body", ["LSTM", "GRU", "CIFG", "low rank"])
def test_a_file_has_exactly_the_rounded_values(body, tied, tmp_path):
    model = lrkeras.quantize_aware(_model(body, tied))
    model.compile("adam", "mse")
    x = np.random.default_rng(0).integers(0, WORDS, (4, 6)).astype("int32")
    model.fit(x, np.zeros((4, 6, WORDS)), epochs=3, verbose=0)
    path = tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize="int4")
    stored = _stored(path, "INT4")
    for name, rounded in model.rounded_weights().items():
        assert _is_stored(_rows(name, rounded), stored), name
        assert report.rounded[name] == "rounded to 4 bits"
    assert len(stored) == len(model.rounded)  # one copy of each, also of a tied table
    assert report.minimum_runtime == "2.20.0" and report.rounding_loss == []
    numbers = sum(rounded.integers.size for rounded in model.rounded_weights().values())
    assert report.weights["int4"] == numbers and "int8" not in report.weights


def test_a_model_that_was_not_rounded_is_rounded_as_quantize_aware_does(tmp_path):
    model, path = _model("CIFG"), tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize="int4")
    stored = _stored(path, "INT4")
    for name, rounded in lrkeras.quantize_aware(model).rounded_weights().items():
        assert _is_stored(_rows(name, rounded), stored), name
    loss = next(loss for loss in report.rounding_loss if loss.tensor == "words")
    found, expected = (
        m(np.arange(40)[None]).numpy() for m in (plain_copy(lrkeras.quantize_aware(model)), model)
    )
    wanted = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert 0.5 * wanted < loss.relative < 2 * wanted
    assert "rounding took `words`" in "\n".join(report._notes())


def test_the_outputs_are_those_of_the_rounded_model(tmp_path):
    model, path = _model("LSTM"), tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize="int4")
    assert max(p.relative for p in report.parity) < 0.03
    tokens = np.random.default_rng(1).integers(0, WORDS, 30)
    runner = lrkeras.StepRunner(path)
    found = np.stack([runner.step(np.array([[token]], np.int32))[0, 0] for token in tokens])
    rounded = plain_copy(lrkeras.quantize_aware(model))(tokens[None]).numpy()[0]
    plain = model(tokens[None]).numpy()[0]
    assert np.linalg.norm(found - rounded) < 0.03 * np.linalg.norm(rounded)
    assert np.linalg.norm(found - plain) > 0.06 * np.linalg.norm(plain)


def test_a_file_of_four_bits_is_half_an_int8_file(tmp_path):
    sizes = {}
    for quantize in ("int8", "int4"):
        path = tmp_path / f"{quantize}.tflite"
        model = _model("CIFG", width=64)
        sizes[quantize] = lrkeras.convert(model, path, quantize=quantize).file_bytes
    numbers = sum(np.prod(w.shape) for w in model.weights if len(w.shape) > 1)
    assert sizes["int8"] - sizes["int4"] > 0.5 * numbers


def test_a_long_table_has_its_scales_once(tmp_path):
    keras.utils.set_random_seed(0)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    words = layers.Embedding(5000, 32, name="words")
    hidden = keras.layers.LSTM(32, return_sequences=True)(words(tokens))
    model = keras.Model(tokens, words(hidden, reverse=True))
    path = tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize="int4")
    matrices = (5000 * 32 + 2 * 32 * 128) // 2
    scales = 4 * 5000 + 2 * 12 * 128
    assert report.file_bytes < matrices + scales + 4 * 128 + 8000
    assert max(p.relative for p in report.parity) < 0.03


def test_rows_of_a_hybrid_that_were_not_rounded_are_int8(tmp_path):
    model = lrkeras.quantize_aware(_model("hybrid"))
    path = tmp_path / "file.tflite"
    lrkeras.convert(model, path, quantize="int4")
    upper = model.rounded_weights()["lstm.joint.upper"].dense().T
    stored = [s for s in _stored(path, "INT8") if s.shape == (len(upper) + 2, upper.shape[1])]
    assert len(stored) == 1
    np.testing.assert_allclose(stored[0][: len(upper)], upper, rtol=1e-6)


def test_blocks_of_a_doped_matrix_stay_int8_and_its_factors_have_four_bits(tmp_path):
    doped = structures.LowRank(rank=8) + structures.Sparse(density=0.05, block=(1, 16))
    inputs = keras.Input((None, 256), name="x")
    keras.utils.set_random_seed(1)
    lstm = layers.LSTM(256, joint_structure=doped, return_sequences=True, name="lstm")
    model = keras.Model(inputs, lstm(inputs))
    lrkeras.sparsify(model)
    path = tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize="int4")
    kept = [kind for name, kind in report.rounded.items() if name.endswith("values")]
    assert len(kept) == 4 and all("Sparse" in kind for kind in kept)
    stored = _stored(path, "INT4")
    for name, rounded in lrkeras.quantize_aware(model).rounded_weights().items():
        # The rows of sigmoid gates are halved in the fused step.
        halved = [s * factor for s in stored for factor in (1, 2)]
        rows = rounded.dense().T
        assert any(
            np.allclose(s[first : first + len(rows)], rows, rtol=1e-6, atol=0)
            for s in halved
            if s.shape[1] == rows.shape[1]
            for first in range(0, len(s) - len(rows) + 1, len(rows))
        ), name
    assert max(p.relative for p in report.parity) < 0.05


def test_an_odd_number_of_inputs_takes_a_byte_for_each(tmp_path):
    model = lrkeras.quantize_aware(_model("LSTM", width=33))
    path = tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize="int4")
    eight, four = _stored(path, "INT8"), _stored(path, "INT4")
    for name, rounded in model.rounded_weights().items():
        odd = name != "lstm.projection"
        if name == "words.embeddings":  # its rows are int8, with the scales of the same filter
            assert report.operators["GATHER"] == 2
        assert _is_stored(_rows(name, rounded), eight if odd else four), name
        assert report.rounded[name].endswith(
            "in a byte each: runtimes take pairs of inputs" if odd else "to 4 bits"
        )


@pytest.mark.parametrize("runtime", ["2.16", "2.14"])
def test_older_runtimes_get_four_bits_in_products_and_int8_tables(runtime, tmp_path):
    model = lrkeras.quantize_aware(_model("CIFG", tied=False))
    path = tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize="int4", runtime=runtime)
    assert "EMBEDDING_LOOKUP" not in report.operators
    assert [int(part) for part in report.minimum_runtime.split(".")] <= [2, 14, 0]
    stored = _stored(path, "INT4")
    for name, rounded in model.rounded_weights().items():
        if name == "words.embeddings":
            (table,) = [s for s in _stored(path, "INT8") if s.shape == rounded.integers.shape]
            np.testing.assert_array_equal(table, rounded.integers)
        else:
            assert _is_stored(_rows(name, rounded), stored), name


@pytest.mark.parametrize("bits", [4, 8])
def test_older_runtimes_share_one_table_for_look_ups_and_products(bits, tmp_path):
    model = lrkeras.quantize_aware(_model("CIFG"), bits=bits)
    path = tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize=f"int{bits}", runtime="2.16")
    integers = model.rounded_weights()["words.embeddings"].integers
    tables = [s for s in _stored(path, "INT8") if s.shape == integers.shape]
    assert len(tables) == 2
    for table in tables:
        np.testing.assert_array_equal(table, integers)
    buffers = ModelFile(path.read_bytes()).model.buffers
    assert [b.data is not None and len(b.data) == integers.size for b in buffers].count(True) == 1
    assert [s for s in _stored(path, "INT4") if s.shape == integers.shape] == []
    assert max(p.relative for p in report.parity) < 0.05


@pytest.mark.parametrize(("bits", "quantize"), [(8, "int8"), (4, "int8"), (4, None)])
def test_files_of_more_bits_keep_the_rounded_values(bits, quantize, tmp_path):
    model = lrkeras.quantize_aware(_model("LSTM", tied=False), bits=bits)
    path = tmp_path / "file.tflite"
    report = lrkeras.convert(model, path, quantize=quantize)
    if quantize is None:
        assert max(p.error for p in report.parity) < 1e-4
        return
    stored = _stored(path, "INT8")
    for name, rounded in model.rounded_weights().items():
        if name != "words.embeddings":
            assert _is_stored(_rows(name, rounded), stored), name


def test_several_forms_hold_the_weights_once(tmp_path):
    model = _model("LSTM")
    one = lrkeras.convert(model, tmp_path / "step.tflite", quantize="int4").file_bytes
    path = tmp_path / "both.tflite"
    both = lrkeras.convert(model, path, quantize="int4", forms=["step", "chunk_4"])
    assert both.file_bytes < one + 16_000
    assert max(p.relative for p in both.parity) < 0.05


def test_a_tied_low_rank_table_is_right_both_ways(tmp_path):
    model = _model("LSTM", table=structures.LowRank(rank=32), width=40)
    report = lrkeras.convert(model, tmp_path / "file.tflite", quantize="int4")
    assert report.rounded["words.embeddings.left"] == "rounded to 4 bits"
    assert report.rounded["words.embeddings.right"] == "rounded to 4 bits"
    assert max(p.relative for p in report.parity) < 0.05


def test_what_cannot_be_rounded_is_refused_and_leaves_no_file(tmp_path):
    path = tmp_path / "file.tflite"
    small = keras.Sequential([keras.Input((None, 4)), keras.layers.LSTM(5, name="lstm")])
    with pytest.raises(lrkeras.ConversionError, match=r"with none. lstm.kernel: too small: 80"):
        lrkeras.convert(small, path, quantize="int4")
    eight = lrkeras.quantize_aware(_model(), bits=8)
    with pytest.raises(lrkeras.ConversionError, match=r"rounded to 8. Use quantize='int8'"):
        lrkeras.convert(eight, path, quantize="int4")
    assert not list(tmp_path.iterdir())
