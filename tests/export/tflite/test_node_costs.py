"""Multiplications of nodes that call other graphs, by hand."""

from tiny_models import TinyModel

from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.node_costs import graph_macs, node_bytes, node_macs


def _product(model, rows, columns):
    """A graph `y = W x`."""
    model.graph()
    x, y = model.tensor("x", (1, columns)), model.tensor("y", (1, rows))
    weight = model.tensor("w", (rows, columns), value=1.0)
    model.node("FULLY_CONNECTED", [x, weight, -1], [y], options="FullyConnectedOptions")
    model.ends({"x": x}, {"y": y})


def test_calls_count_what_they_run():
    """An IF the dearer branch, 6 * 8; a WHILE a turn of condition and body, 6 * 8 + 8 * 8."""
    model = TinyModel().graph("step")
    always = model.tensor("always", (), "bool", value=True)
    x, y, z = (model.tensor(name, (1, 8)) for name in "xyz")
    model.node(
        "IF", [always, x], [y], options="IfOptions", thenSubgraphIndex=1, elseSubgraphIndex=2
    )
    loop = {"condSubgraphIndex": 2, "bodySubgraphIndex": 3}
    model.node("WHILE", [y], [z], options="WhileOptions", **loop).ends({"x": x}, {"z": z})
    for rows in (3, 6, 8):
        _product(model, rows, 8)
    graph = ModelFile(model.bytes()).graphs[0]
    branch, turn = graph.operators
    assert node_macs(graph, branch) == 6 * 8
    assert node_macs(graph, turn) == 6 * 8 + 8 * 8
    assert graph_macs(graph) == 6 * 8 + 6 * 8 + 8 * 8
    assert node_bytes(graph, branch) == 1  # the condition; the weights are those of other nodes
