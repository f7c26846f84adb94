"""Which nodes XNNPACK runs, and why not the others."""

import io
import json
import pathlib

import keras
import numpy as np
import pytest
from rich.console import Console
from tiny_models import TinyModel, recurrence, schema

from lrkeras import layers, sparsify, structures
from lrkeras.export import DelegateReport, convert
from lrkeras.export.delegates.model_explorer import write_node_data
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.tflite.extract_subgraph import extract_subgraph
from lrkeras.export.tflite.model_file import ModelFile

UNITS = 64


@pytest.fixture(scope="module")
def doped(tmp_path_factory):
    """A word model with a doped LSTM; its file and its conversion report."""
    keras.utils.set_random_seed(0)
    spec = structures.doped(structures.Kronecker(), compression=10, block=(1, 16))
    lstm = layers.LSTM(UNITS, return_sequences=True, joint_structure=spec)
    stack = [keras.Input((None,), dtype="int32"), layers.Embedding(50, UNITS), lstm]
    model = keras.Sequential([*stack, keras.layers.Dense(50)])
    sparsify(model)
    path = str(tmp_path_factory.mktemp("doped") / "doped.tflite")
    return path, convert(model, path, quantize="int8")


def _read(path):
    return ModelFile(pathlib.Path(path).read_bytes())


def _json(path):
    return json.loads(pathlib.Path(path).read_text())


def _one_node(tmp_path, name, kinds, out="float32", shape=(1, 8), options=None, **fields):
    """A file of one node over inputs of these kinds."""
    model = TinyModel().graph()
    signature = fields.pop("signature", None)
    given = [model.tensor(f"i{n}", shape, k, signature=signature) for n, k in enumerate(kinds)]
    result = model.tensor("o", fields.pop("result", shape), out)
    model.node(name, given, [result], options=options, **fields)
    model.ends({f"i{n}": t for n, t in enumerate(given)}, {"o": result})
    return model.save(tmp_path / "one.tflite")


def test_partitions_are_those_of_the_runtime(doped):
    path, _ = doped
    (graph,) = DelegateReport.of(path).graphs
    content, interpreter = _read(path).graphs[0], open_interpreter(path)
    readers, ends = content.consumers(), set(content.outputs)
    checked = 0
    for node, op in zip(graph.nodes, content.operators, strict=True):
        for tensor in op.outputs:
            around = {graph.nodes[node.index].partition}
            around |= {
                graph.nodes[i].partition
                for reader in readers.get(int(tensor), [])
                for i, other in enumerate(content.operators)
                if other is reader
            }
            inside = around != {None} and len(around) == 1 and tensor not in ends
            # The runtime gives no memory to a tensor that only XNNPACK sees.
            try:
                interpreter.tensor(int(tensor))()
                has_memory = True
            except ValueError:
                has_memory = False
            assert has_memory != inside, node
            checked += inside
    assert checked > 10
    assert graph.partitions == len({n.partition for n in graph.nodes} - {None}) == 2


def test_doped_step_names_what_stays_outside_and_why(doped):
    report = DelegateReport.of(doped[0])
    (graph,) = report.graphs
    left = {node.operator: node.reason for node in graph.nodes if node.delegate is None}
    assert left["GATHER"] == "GATHER is not in XNNPACK's list of operators"
    assert left["FULLY_CONNECTED"].startswith("a fused TANH")
    assert len(left) == 2 and sum(node.delegate is None for node in graph.nodes) == 2
    assert graph.signatures == ("step",) and report.minimum_runtime == "2.17.0"
    assert report.hazards == [] and report.warning() is None
    # At least the states and the logits, in float32; at most what the graph's tensors add up to.
    assert 4 * (4 * UNITS + 50) <= graph.tensor_bytes < 20_000
    text = graph.summary()
    assert f"of {len(graph.nodes)} nodes in 2 partitions" in text and "1 GATHER" in text


def test_costs_by_hand(doped):
    (graph,) = DelegateReport.of(doped[0]).graphs
    products = [n for n in graph.nodes if n.operator == "FULLY_CONNECTED"]
    # The output layer: 64 x 50 int8 weights, the converter has dropped the bias of zeros.
    assert products[-1].macs == 64 * 50 and products[-1].bytes in (64 * 50, 64 * 50 + 4 * 50)
    sparse = next(n for n in products if n.delegate is None)
    # Blocks of 16 values, with a byte for each column and four for each of 256 rows and the end.
    assert sparse.macs % 16 == 0
    assert sparse.bytes == sparse.macs + sparse.macs // 16 + 4 * (4 * UNITS + 1)
    table = next(n for n in graph.nodes if n.operator == "GATHER")
    assert (table.macs, table.bytes) == (0, 50 * UNITS)


def test_conversion_report_has_it(doped):
    path, report = doped
    assert report.delegates == DelegateReport.of(path)
    console = Console(width=300, record=True, file=io.StringIO())
    console.print(report.render())
    assert "XNNPACK runs" in console.export_text()
    assert json.loads(report.to_json())["delegates"]["graphs"][0]["partitions"] == 2


@pytest.mark.parametrize(
    ("name", "kinds", "fields", "reason"),
    [
        ("ADD", ("float32", "float32"), {"options": "AddOptions"}, None),
        (
            "ADD",
            ("int32", "int32"),
            {"options": "AddOptions", "out": "int32"},
            "int32 values",
        ),
        (
            "ADD",
            ("float32", "float32"),
            {"options": "AddOptions", "signature": (-1, 8)},
            None,
        ),
        ("LESS", ("float32", "float32"), {"out": "bool"}, "LESS is not in XNNPACK's list"),
        ("FLOOR_MOD", ("float32", "float32"), {}, "FLOOR_MOD is not in XNNPACK's list"),
    ],
)
def test_reasons(tmp_path, name, kinds, fields, reason):
    (graph,) = DelegateReport.of(_one_node(tmp_path, name, kinds, **fields)).graphs
    (node,) = graph.nodes
    if reason is None:
        assert node.delegate == "XNNPACK" and node.reason is None and graph.partitions == 1
    else:
        assert node.delegate is None and reason in node.reason and graph.partitions == 0


@pytest.mark.parametrize(
    ("activation", "reason"), [("NONE", None), ("RELU", None), ("TANH", "a fused TANH")]
)
def test_fused_activations(tmp_path, activation, reason):
    model = TinyModel().graph()
    x, y = model.tensor("x", (1, 8)), model.tensor("y", (1, 4))
    w = model.tensor("w", (4, 8), "int8", value=1, scale=0.5)
    code = getattr(schema.ActivationFunctionType, activation)
    model.node(
        "FULLY_CONNECTED",
        [x, w, -1],
        [y],
        version=3,
        options="FullyConnectedOptions",
        fusedActivationFunction=code,
    )
    path = model.ends({"x": x}, {"y": y}).save(tmp_path / "fc.tflite")
    (node,) = DelegateReport.of(path).graphs[0].nodes
    assert (node.reason, node.macs, node.bytes) == (reason, 32, 32)


def test_a_slice_that_drops_an_axis(tmp_path):
    model = TinyModel().graph()
    x, row = model.tensor("x", (1, 2, 8)), model.tensor("row", (1, 8))
    begin = model.tensor("begin", (3,), "int32", 0)
    end = model.tensor("end", (3,), "int32", [1, 1, 8])
    stride = model.tensor("stride", (3,), "int32", 1)
    given = [x, begin, end, stride]
    model.node("STRIDED_SLICE", given, [row], options="StridedSliceOptions", shrinkAxisMask=2)
    path = model.ends({"x": x}, {"row": row}).save(tmp_path / "slice.tflite")
    (node,) = DelegateReport.of(path).graphs[0].nodes
    assert node.reason == "a slice that drops an axis" and node.bytes == 3 * 3 * 4


def test_every_signature_has_a_part(tmp_path):
    path = recurrence({"step": 1, "chunk_3": 3}).save(tmp_path / "two.tflite")
    step, chunk = DelegateReport.of(path).graphs
    assert step.signatures == ("step",) and chunk.signatures == ("chunk_3",)
    assert [len(step.nodes), len(chunk.nodes)] == [3, 9]
    assert sum(node.macs for node in chunk.nodes) == 3 * 32 * 32
    assert {node.delegate for node in chunk.nodes} == {"XNNPACK"}


def test_other_graphs_compute_the_same_as_their_signature(tmp_path):
    model = recurrence({"step": 1, "chunk_3": 3})
    path = model.save(tmp_path / "two.tflite")
    rng = np.random.default_rng(0)
    feed = {n: rng.normal(size=(1, 32)).astype("float32") for n in ("h", "x0", "x1", "x2")}
    expected = open_interpreter(path).get_signature_runner("chunk_3")(**feed)["h"]
    alone = tmp_path / "alone.tflite"
    alone.write_bytes(extract_subgraph(ModelFile(model.bytes()), 1))
    interpreter = open_interpreter(alone)
    assert list(interpreter.get_signature_list()) == ["chunk_3"]
    details = interpreter.get_signature_runner("chunk_3").get_input_details()
    for name, value in feed.items():
        interpreter.set_tensor(details[name]["index"], value)
    interpreter.invoke()
    result = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_array_equal(result, expected)
    with pytest.raises(ValueError, match="from 0 to 1, received 2"):
        extract_subgraph(ModelFile(model.bytes()), 2)


def test_bodies_of_loops_come_along(tmp_path):
    """A loop in the second graph, whose body and condition are the third and fourth."""
    model = recurrence({"step": 1})
    model.graph("loop")
    start, result = model.tensor("start", (1,)), model.tensor("result", (1,))
    model.node(
        "WHILE", [start], [result], options="WhileOptions", condSubgraphIndex=2, bodySubgraphIndex=3
    )
    model.ends({"start": start}, {"result": result})
    model.graph()
    x, limit = model.tensor("x", (1,)), model.tensor("limit", (1,), value=100.0)
    less = model.tensor("less", (1,), "bool")
    model.node("LESS", [x, limit], [less]).ends({"x": x}, {"less": less})
    model.graph()
    x, doubled = model.tensor("x", (1,)), model.tensor("doubled", (1,))
    model.node("ADD", [x, x], [doubled], options="AddOptions").ends({"x": x}, {"doubled": doubled})
    alone = tmp_path / "loop.tflite"
    alone.write_bytes(extract_subgraph(ModelFile(model.bytes()), 1))
    assert len(ModelFile(alone.read_bytes()).model.subgraphs) == 3
    interpreter = open_interpreter(alone)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.array([3], "float32"))
    interpreter.invoke()
    assert interpreter.get_tensor(interpreter.get_output_details()[0]["index"]) == [192]
    report = DelegateReport.of(model.save(tmp_path / "all.tflite"))
    loop, condition, body = report.graphs[1:]
    assert loop.nodes[0].reason == "control flow stays with the runtime"
    assert condition.signatures == () and condition.nodes[0].delegate is None
    assert body.nodes[0].delegate == "XNNPACK"


def test_sparse_nodes_that_xnnpack_misreads_are_warned_of(doped, tmp_path):
    """The doped file without its TANH, which is what kept XNNPACK away."""
    file = _read(doped[0])
    graph = file.graphs[0]
    for op in graph.operators:
        if file.op_name(op) == "FULLY_CONNECTED":
            op.builtinOptions.fusedActivationFunction = 0
            tensor = graph.tensors[int(op.inputs[1])]
            if tensor.sparsity is not None:
                op.inputs = np.array([*op.inputs[:2], -1], np.int32)
    path = tmp_path / "trap.tflite"
    path.write_bytes(file.to_bytes())
    report = DelegateReport.of(path)
    assert len(report.hazards) == 1 and report.hazards[0] in report.warning()
    node = next(n for n in report.graphs[0].nodes if report.hazards[0] in n.outputs)
    assert node.delegate == "XNNPACK"  # that is the trap
    assert "WARNING" in report.notes()[-1]


def test_sparse_float_filters_are_named(tmp_path):
    """What `Optimize.EXPERIMENTAL_SPARSITY` alone writes: 1x4 blocks of float32."""
    model = TinyModel().graph()
    x, y = model.tensor("x", (1, 8)), model.tensor("y", (4, 8), value=1.0)
    z = model.tensor("z", (1, 4))
    stored = model.model.subgraphs[0].tensors[y]
    stored.sparsity = schema.SparsityParametersT()
    stored.sparsity.traversalOrder, stored.sparsity.blockMap = [0, 1, 2], [1]
    row, block, inner = (schema.DimensionMetadataT() for _ in range(3))
    row.denseSize, inner.denseSize, block.format = 4, 4, schema.DimensionType.SPARSE_CSR
    block.arraySegmentsType = schema.SparseIndexVector.Int32Vector
    block.arrayIndicesType = schema.SparseIndexVector.Uint8Vector
    block.arraySegments, block.arrayIndices = schema.Int32VectorT(), schema.Uint8VectorT()
    block.arraySegments.values, block.arrayIndices.values = [0, 1, 2, 3, 4], [0, 1, 0, 1]
    stored.sparsity.dimMetadata = [row, block, inner]
    data = model.model.buffers[stored.buffer].data
    model.model.buffers[stored.buffer].data = data[: 4 * 4 * 4]
    model.node("FULLY_CONNECTED", [x, y, -1], [z], version=8, options="FullyConnectedOptions")
    path = model.ends({"x": x}, {"z": z}).save(tmp_path / "float.tflite")
    (node,) = DelegateReport.of(path).graphs[0].nodes
    assert node.delegate is None
    assert node.reason == "operator version 8, which stands for a sparse filter"
    assert node.macs == 16


def test_node_data_for_model_explorer(tmp_path):
    report = DelegateReport.of(_one_node(tmp_path, "LESS", ("float32", "float32"), out="bool"))
    files = write_node_data(report, tmp_path / "data.json")
    macs, sizes, delegates = (_json(file) for file in files)
    assert files[0] == str(tmp_path / "data.json")
    for content in (macs, sizes, delegates):
        assert set(content["results"]) == {"o"} and "value" in content["results"]["o"]
    assert macs["results"]["o"]["value"] == 0 and macs["results"]["o"]["delegate"] is None
    assert delegates["results"]["o"]["value"].startswith("runtime: LESS")
    two = DelegateReport.of(recurrence({"step": 1, "chunk_3": 3}).save(tmp_path / "r.tflite"))
    macs = _json(write_node_data(two, tmp_path / "two.json")[0])
    assert list(macs) == ["graph_0", "graph_1"]
    assert macs["graph_1"]["results"]["wh_2"]["value"] == 32 * 32


def test_broken_files(tmp_path):
    with pytest.raises(FileNotFoundError):
        DelegateReport.of(tmp_path / "missing.tflite")
    (tmp_path / "foreign.tflite").write_text("hello, this is text")
    with pytest.raises(ValueError, match="TFL3"):
        DelegateReport.of(tmp_path / "foreign.tflite")
