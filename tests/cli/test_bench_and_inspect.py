"""`lrkeras bench` and `lrkeras inspect`, as a user calls them."""

import json
import pathlib
import sys

import keras
import pytest
from failing_command import fails
from tiny_models import TinyModel, recurrence, schema

from lrkeras import layers, sparsify, structures
from lrkeras.cli import main
from lrkeras.export import convert


@pytest.fixture(scope="module")
def two_signatures(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "model.tflite"
    return recurrence({"step": 1, "chunk_2": 2}).save(path)


def _json(capsys, *words):
    assert main([*(str(word) for word in words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_bench_writes_report_and_plot(two_signatures, tmp_path, capsys):
    out, plot = tmp_path / "report.json", tmp_path / "report.png"
    words = ["bench", two_signatures, "--rounds", 2, "--threads", "1,2", "--xnnpack", "both"]
    words += ["--out", out, "--plot", plot, "--no-cold"]
    words += ["--quality", f"{sys.executable} -c 'print(7)' {{file}}"]
    content = _json(capsys, *words)
    assert json.loads(out.read_text()) == content
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert len(content["files"]) == 2 * 2 * 2 and len(content["memory"]) == 4
    assert content["quality"] == [{"path": two_signatures, "value": 7.0, "error": None}]
    assert {row["signature"] for row in content["files"]} == {"step", "chunk_2"}


def test_bench_prints_tables(two_signatures, capsys):
    words = ["bench", two_signatures, "--rounds", "1", "--signature", "step", "--no-xnnpack"]
    assert main([*words, "--no-memory"]) == 0
    text = capsys.readouterr().out
    assert "no XNNPACK" in text and "first run" in text and "Memory" not in text


def test_bench_of_bad_input_leaves_nothing(two_signatures, tmp_path, capsys, monkeypatch):
    out = tmp_path / "report.json"
    assert "rounds=0" in fails(capsys, "bench", two_signatures, "--rounds", 0, "--out", out)
    assert "'chunk_7'" in fails(capsys, "bench", two_signatures, "--signature", "chunk_7")
    foreign = tmp_path / "foreign.tflite"
    foreign.write_bytes(b"PK" * 50)
    assert "TFL3" in fails(capsys, "bench", two_signatures, foreign, "--out", out)
    nowhere = tmp_path / "nowhere" / "report.json"
    assert "No folder" in fails(capsys, "bench", two_signatures, "--out", nowhere)
    line = fails(capsys, "bench", two_signatures, "--threads", "two", status=2)
    assert "1,2,4, received 'two'" in line
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    plot = tmp_path / "report.png"
    assert "lrkeras[tasks]" in fails(capsys, "bench", two_signatures, "--plot", plot)
    assert {file.name for file in tmp_path.iterdir()} == {"foreign.tflite"}


def test_inspect_tells_the_delegate_of_every_node(two_signatures, tmp_path, capsys):
    data = tmp_path / "nodes.json"
    content = _json(capsys, "inspect", two_signatures, "--node-data", data)
    step, chunk = content["delegates"]["graphs"]
    assert step["signatures"] == ["step"] and step["partitions"] == 1
    assert [node["delegate"] for node in chunk["nodes"]] == ["XNNPACK"] * 6
    assert content["macs"] == 32 * 32 and content["warning"] is None
    assert {name: found["macs"] for name, found in content["signatures"].items()} == {
        "step": 32 * 32,
        "chunk_2": 2 * 32 * 32,
    }
    assert content["operators"] == {"FULLY_CONNECTED": 3, "ADD": 3, "TANH": 3}
    names = ["nodes.bytes.json", "nodes.delegate.json", "nodes.json"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert json.loads(data.read_text())["graph_0"]["results"]["wh_0"]["value"] == 32 * 32
    assert main(["inspect", two_signatures]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "`chunk_2`: XNNPACK runs 6 of 6 nodes in 1 partition" in text
    assert "chunk_2: 2,048 MACs a run" in text


def _product(model, rows, columns=8):
    """A graph that multiplies: `rows * columns` multiplications."""
    model.graph()
    x, y = model.tensor("x", (1, columns)), model.tensor("y", (1, columns))
    hidden = model.tensor("hidden", (1, rows))
    wide = model.tensor("wide", (rows, columns), value=0.5)
    narrow = model.tensor("narrow", (columns, rows), value=0.5)
    for ends in ([x, wide, -1, hidden], [hidden, narrow, -1, y]):
        model.node("FULLY_CONNECTED", ends[:3], ends[3:], options="FullyConnectedOptions")
    return model.ends({"x": x}, {"y": y})


def test_inspect_counts_what_called_graphs_multiply(tmp_path, capsys):
    """A call of the larger of two branches after a product, then a loop."""
    model = TinyModel().graph("step")
    x, always = model.tensor("x", (1, 8)), model.tensor("always", (), "bool", value=True)
    w, y = model.tensor("w", (8, 8), value=0.5), [model.tensor(f"y{n}", (1, 8)) for n in range(3)]
    model.node("FULLY_CONNECTED", [x, w, -1], [y[0]], options="FullyConnectedOptions")
    branches = {"thenSubgraphIndex": 1, "elseSubgraphIndex": 2}
    model.node("IF", [always, y[0]], [y[1]], options="IfOptions", **branches)
    loop = {"condSubgraphIndex": 3, "bodySubgraphIndex": 1}
    model.node("WHILE", [y[1]], [y[2]], options="WhileOptions", **loop)
    model.ends({"x": x}, {"y": y[2]})
    _product(_product(model, 4), 16)
    model.graph()
    x, limit = model.tensor("x", (1, 8)), model.tensor("limit", (1, 8), value=0.0)
    less, flat = model.tensor("less", (1, 8), "bool"), model.tensor("flat", (), "bool")
    axes = model.tensor("axes", (2,), "int32", value=[0, 1])
    model.node("LESS", [x, limit], [less])
    model.node("REDUCE_ANY", [less, axes], [flat], options="ReducerOptions", keepDims=False)
    model.ends({"x": x}, {"flat": flat})
    content = _json(capsys, "inspect", model.save(tmp_path / "calls.tflite"))
    assert content["macs"] == 8 * 8 + 2 * 16 * 8 + 2 * 4 * 8
    product, call, loop = content["delegates"]["graphs"][0]["nodes"]
    assert (product["macs"], call["macs"], loop["macs"]) == (64, 256, 64)
    assert content["operators"]["FULLY_CONNECTED"] == 5


def test_inspect_counts_every_step_of_a_chunk_that_calls_its_cell(tmp_path, capsys):
    lstm = layers.LSTM(260, return_sequences=True)
    model = keras.Sequential([keras.Input((None, 6)), lstm])
    file = tmp_path / "chunks.tflite"
    convert(model, file, forms=["step", "chunk_3"])
    content = _json(capsys, "inspect", file)
    macs = {name: found["macs"] for name, found in content["signatures"].items()}
    assert content["operators"]["IF"] >= 3
    assert macs == {"step": 4 * 260 * (6 + 260), "chunk_3": 3 * 4 * 260 * (6 + 260)}


def _stock_sparse(path, columns=32, rows=4):
    """An int8 FULLY_CONNECTED with stored blocks and no activation, as a stock converter writes."""
    model = TinyModel().graph("serve")
    x, y = model.tensor("x", (1, columns)), model.tensor("y", (1, rows))
    w = model.tensor("w", (rows, columns), "int8", value=1, scale=0.5)
    sparsity = schema.SparsityParametersT()
    sparsity.traversalOrder, sparsity.blockMap = [0, 1, 2], [1]
    row, block, inner = (schema.DimensionMetadataT() for _ in range(3))
    row.format, row.denseSize = schema.DimensionType.DENSE, rows
    block.format = schema.DimensionType.SPARSE_CSR
    block.arraySegmentsType = schema.SparseIndexVector.Int32Vector
    block.arrayIndicesType = schema.SparseIndexVector.Uint8Vector
    block.arraySegments, block.arrayIndices = schema.Int32VectorT(), schema.Uint8VectorT()
    segments = [0, 1, 2, 3, 4] + [4] * (rows - 4)
    block.arraySegments.values, block.arrayIndices.values = segments, [0, 1, 0, 1]
    inner.format, inner.denseSize = schema.DimensionType.DENSE, 16
    sparsity.dimMetadata = [row, block, inner]
    stored = model.model.subgraphs[0].tensors[w]
    stored.sparsity = sparsity
    model.model.buffers[stored.buffer].data = model.model.buffers[stored.buffer].data[: 4 * 16]
    options = {"options": "FullyConnectedOptions", "asymmetricQuantizeInputs": True}
    model.node("FULLY_CONNECTED", [x, w, -1], [y], version=9, **options)
    return model.ends({"x": x}, {"y": y}).save(path)


def test_inspect_warns_of_sparse_nodes_that_xnnpack_misreads(tmp_path, capsys):
    content = _json(capsys, "inspect", _stock_sparse(tmp_path / "stock.tflite"))
    assert content["delegates"]["hazards"] == ["y"]
    assert content["warning"].startswith("WARNING: XNNPACK reads the block-sparse int8 filter")
    (node,) = content["delegates"]["graphs"][0]["nodes"]
    # Four blocks of 16 values; five segments of four bytes and four indices of one.
    assert (node["macs"], node["bytes"]) == (64, 64 + 20 + 4)
    assert main(["inspect", str(tmp_path / "stock.tflite")]) == 0
    assert "WARNING" in capsys.readouterr().out


def test_inspect_survives_where_xnnpack_reads_past_the_end(tmp_path, capsys):
    """64 bytes are stored of a matrix of 16 MB; loaded plainly, XNNPACK ends the process."""
    stock = _stock_sparse(tmp_path / "large.tflite", columns=4000, rows=4000)
    content = _json(capsys, "inspect", stock)
    assert content["delegates"]["hazards"] == ["y"] and content["file_bytes"] < 100_000
    assert _json(capsys, "bench", stock, "--rounds", 1, "--no-cold")["files"][0]["median_us"] > 0


def test_bench_runs_such_a_file_without_xnnpack(tmp_path, capsys):
    stock = _stock_sparse(tmp_path / "stock.tflite")
    words = ["bench", stock, "--rounds", 1, "--xnnpack", "both", "--no-cold"]
    content = _json(capsys, *words)
    assert [row["use_xnnpack"] for row in content["files"] + content["memory"]] == [False, False]
    assert "stock.tflite ran without XNNPACK" in content["warnings"][0]
    assert main([str(word) for word in words]) == 0
    assert "ran without XNNPACK" in " ".join(capsys.readouterr().out.split())


def test_inspect_of_foreign_and_broken_files(two_signatures, tmp_path, capsys):
    model = TinyModel().graph()
    x, y = (
        model.tensor("x", (2, 3), "int8", scale=0.1),
        model.tensor("y", (2, 3), "int8", scale=0.1),
    )
    plain = model.node("RELU", [x], [y], version=2).ends({"x": x}, {"y": y})
    content = _json(capsys, "inspect", plain.save(tmp_path / "plain.tflite"))
    assert content["signatures"] == {} and content["operators"] == {"RELU": 1}
    half = tmp_path / "half.tflite"
    half.write_bytes(pathlib.Path(two_signatures).read_bytes()[:900])
    assert "half.tflite" in fails(capsys, "inspect", half)
    line = fails(capsys, "inspect", two_signatures, "--node-data", tmp_path / "no" / "n.json")
    assert "No folder" in line


def test_inspect_of_a_doped_model_counts_positions(tmp_path, capsys):
    keras.utils.set_random_seed(0)
    sparse = structures.Sparse(density=0.25, block=(1, 16))
    dense = layers.Dense(32, kernel_structure=structures.LowRank(rank=2) + sparse, use_bias=False)
    model = keras.Sequential([keras.Input((64,)), dense])
    sparsify(model)
    file = tmp_path / "model.keras"
    model.save(file)
    content = _json(capsys, "inspect", file)
    (row,) = content["layers"]
    values = 64 * 32 // 4 + 2 * (64 + 32)
    assert row["params"] == values and row["bytes_without_indices"] == 4 * values
    assert row["dense_params"] == content["dense_params"] == 64 * 32
    # At least a byte for each of the 32 blocks.
    assert 4 * values + 32 <= row["bytes"] <= 4 * values + 4 * (32 + 33)
    assert row["bits_per_weight"] == pytest.approx(8 * row["bytes"] / (64 * 32))
    assert content["bits_per_weight"] == row["bits_per_weight"]
    assert "--node-data" in fails(capsys, "inspect", file, "--node-data", tmp_path / "n.json")
