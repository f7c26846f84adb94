"""Parts of a file of several graphs, taken without changing it."""

import numpy as np
from tiny_models import TinyModel

from lrkeras.export.tflite.extract_subgraph import extract_subgraph
from lrkeras.export.tflite.model_file import ModelFile


def test_the_file_stays_as_it_is():
    model = TinyModel().graph("first")
    x, y = model.tensor("x", (1, 2)), model.tensor("y", (1, 2))
    model.node("NEG", [x], [y]).ends({"x": x}, {"y": y})
    model.graph("second")
    always = model.tensor("always", (), "bool", value=True)
    x, y = model.tensor("x", (1, 2)), model.tensor("y", (1, 2))
    called = {"thenSubgraphIndex": 2, "elseSubgraphIndex": 2}
    model.node("IF", [always, x], [y], options="IfOptions", **called).ends({"x": x}, {"y": y})
    model.graph()
    x, w, y = (
        model.tensor("x", (1, 2)),
        model.tensor("w", (2,), value=[3, 5]),
        model.tensor("y", (1, 2)),
    )
    model.node("MUL", [x, w], [y], options="MulOptions").ends({"x": x}, {"y": y})
    file = ModelFile(model.bytes())
    before = file.to_bytes()
    parts = [ModelFile(extract_subgraph(file, index)) for index in range(3)]
    assert file.to_bytes() == before
    names = [[part.op_name(g.operators[0]) for g in part.model.subgraphs] for part in parts]
    assert names == [["NEG"], ["IF", "MUL"], ["MUL"]]
    options = parts[1].graphs[0].operators[0].builtinOptions
    assert (options.thenSubgraphIndex, options.elseSubgraphIndex) == (1, 1)
    signatures = [[s.signatureKey for s in part.model.signatureDefs or []] for part in parts]
    assert signatures == [[b"first"], [b"second"], []]
    # Only the part that reads the weights has them.
    data = [[bytes(b.data) for b in part.model.buffers if b.data is not None] for part in parts]
    weights = np.array([3, 5], "float32").tobytes()
    assert data == [[], [b"\x01", weights], [weights]]
