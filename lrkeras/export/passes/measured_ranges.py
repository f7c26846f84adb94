"""The ranges of what the products of a file read and give, over sequences that are run."""

from typing import Any

import numpy as np

from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.system.optional_imports import require

# Least and largest value of tensors, by the number of their graph and their own.
Ranges = dict[tuple[int, int], tuple[float, float]]


def measured_ranges(file: ModelFile, context: PassContext) -> Ranges:
    """Runs every signature over the sequences of a context, and looks at what products see.

    What a graph that is called a hundred times holds afterwards is its last call alone, so each
    call is run once more by itself, on what the caller gave it.

    Args:
        file: A float model; it is not changed.
        context: Has the sequences.
    """
    return _Measurement(file).over(context)


class _Measurement:
    def __init__(self, file: ModelFile):
        module = require("ai_edge_litert.interpreter")
        copy = ModelFile(file.to_bytes())
        _name_every_graph(copy)
        self._interpreter = module.Interpreter(
            model_content=copy.to_bytes(),
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self._seen = [_seen_by_products(graph) for graph in copy.graphs]
        self._calls = [_calls(graph) for graph in copy.graphs]
        self._input_names = [_input_names(graph) for graph in copy.graphs]
        self._ranges: Ranges = {}

    def over(self, context: PassContext) -> Ranges:
        count = len(next(iter(context.inputs.values())))
        for index, name in enumerate(context.signatures):
            runner = SignatureRunner(self._interpreter, name)
            for begin in range(0, count, runner.batch):
                rows = np.arange(begin, begin + runner.batch) % count
                sequence = {name: value[rows] for name, value in context.inputs.items()}
                states = runner.zero_states()
                for start in runner.starts(sequence):
                    _, states = runner(runner.cut(sequence, start), states)
                    self._look_at(index)
        return self._ranges

    def _look_at(self, graph: int) -> None:
        """Takes note of what a graph holds that was just run, and of the graphs that it called."""
        for tensor in self._seen[graph]:
            value = self._interpreter.get_tensor(tensor, graph)
            least, largest = self._ranges.get((graph, tensor), (0.0, 0.0))
            self._ranges[graph, tensor] = (
                min(least, float(value.min())),
                max(largest, float(value.max())),
            )
        given = [
            (called, [self._interpreter.get_tensor(tensor, graph) for tensor in tensors])
            for called, tensors in self._calls[graph]
        ]
        for called, values in given:
            # A caller that is kept counts as a reference to internal data.
            runner = self._interpreter.get_signature_runner(f"graph_{called}")
            runner(**dict(zip(self._input_names[called], values, strict=True)))
            self._look_at(called)


def _name_every_graph(file: ModelFile) -> None:
    """Gives every graph a signature `graph_N` beside those that it has."""
    schema = file.schema
    for number, graph in enumerate(file.graphs):
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = f"graph_{number}".encode(), number
        signature.inputs = [_entry(schema, f"i{i}", t) for i, t in enumerate(graph.inputs)]
        signature.outputs = [_entry(schema, f"o{i}", t) for i, t in enumerate(graph.outputs)]
        file.model.signatureDefs.append(signature)


def _entry(schema: Any, name: str, tensor: int) -> Any:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name.encode(), tensor
    return entry


def _input_names(graph: Graph) -> list[str]:
    return [f"i{index}" for index in range(len(graph.inputs))]


def _seen_by_products(graph: Graph) -> list[int]:
    tensors = {int(t) for op, _ in graph.products() for t in (op.inputs[0], op.outputs[0])}
    return sorted(tensors)


def _calls(graph: Graph) -> list[tuple[int, list[int]]]:
    """The graphs that a graph calls, and the tensors that it gives each."""
    return [
        (int(op.builtinOptions.thenSubgraphIndex), [int(t) for t in op.inputs[1:]])
        for op in graph.operators
        if graph.op_name(op) == "IF"
    ]
