"""What may go wrong with a file on a phone."""

import dataclasses
from collections.abc import Sequence

from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.inspection.ends import State
from lrkeras.export.inspection.foreign_operators import ForeignOperator
from lrkeras.export.inspection.loops import FusedLayer, UnrolledLoop, WhileLoop
from lrkeras.export.tflite.model_file import ModelFile

# The GPU delegate's operators (https://ai.google.dev/edge/litert/performance/gpu), and those that
# only move numbers and that it is known to take.
_GPU = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D EXP FULLY_CONNECTED LOGISTIC MAXIMUM
MAX_POOL_2D MINIMUM MUL PAD PRELU RELU RELU6 RESHAPE RESIZE_BILINEAR SOFTMAX STRIDED_SLICE SUB
TRANSPOSE_CONV TANH SPLIT SLICE TRANSPOSE MEAN DIV SQRT RSQRT SQUARE ABS DEQUANTIZE
"""
_GPU_OPERATORS = frozenset(_GPU.split())
# Dimensions: the GPU delegate's tensors have a batch and three more, XNNPACK's at most six.
_GPU_RANK, _XNNPACK_RANK = 4, 6


@dataclasses.dataclass(frozen=True)
class Delegates:
    """Who would take a file.

    Attributes:
        xnnpack: What XNNPACK does with the first graph; measured, by loading it.
        gpu: Why the GPU delegate would not take all of it, or `"probably all of it"`; by its list
            of operators, not tried.
        compiled_model: What LiteRT's `CompiledModel` refuses, or `"yes"`; by what is known of it.
    """

    xnnpack: str
    gpu: str
    compiled_model: str


def delegates_of(file: ModelFile, report: DelegateReport, states: Sequence[State]) -> Delegates:
    """Says who would take a file."""
    graph = file.graphs[0]
    names = {graph.op_name(op) for op in graph.operators} - _GPU_OPERATORS
    reasons = sorted(name.removeprefix("CUSTOM:") for name in names)
    if _largest_rank(file) > _GPU_RANK:
        reasons.append(f"tensors of more than {_GPU_RANK} dimensions")
    if _open_inputs(file):
        reasons.append("open shapes")
    held = sorted({state.kind for state in states} & {"fused", "variable"})
    custom = [name for name in file.operator_counts() if name.startswith(("CUSTOM:", "UNKNOWN:"))]
    refused = [*(f"{kind} states" for kind in held), *(["custom operators"] if custom else [])]
    return Delegates(
        xnnpack=report.graphs[0].summary(),
        gpu=f"not all of it: {', '.join(reasons)}" if reasons else "probably all of it",
        compiled_model=f"no: {', '.join(refused)}" if refused else "yes",
    )


def hazards_of(
    file: ModelFile,
    report: DelegateReport,
    states: Sequence[State],
    foreign: Sequence[ForeignOperator],
    loops: Sequence[WhileLoop],
    unrolled: Sequence[UnrolledLoop],
    fused: Sequence[FusedLayer],
) -> list[str]:
    """One sentence for each thing that costs time, memory or numbers, or does not run at all."""
    warning = report.warning()
    found = [] if warning is None else [warning]
    for kind, need in _NEEDS.items():
        names = [operator.name for operator in foreign if operator.kind == kind]
        if names:
            found.append(f"{', '.join(names)}: {need}.")
    found += [_of_loop(loop) for loop in loops]
    found += [
        f"The loop of {loop.layer or 'a layer'} is written out {loop.steps} times ({loop.nodes} "
        f"nodes): the file has one length only, and XNNPACK packs its weights "
        f"{'x'.join(map(str, loop.weights))} {loop.steps} times into memory."
        for loop in unrolled
    ]
    if fused:
        kinds = ", ".join(dict.fromkeys(layer.operator for layer in fused))
        found.append(f"{kinds}: XNNPACK does not take it; plain products are faster.")
    held = [state.name for state in states if state.kind in ("variable", "fused")]
    if held:
        found.append(
            f"The runtime keeps {', '.join(held)} from call to call: a new sequence needs "
            "`reset_all_variables` or a new interpreter, and `CompiledModel` refuses such files."
        )
    return [*found, *_of_tensors(file)]


def odd_inputs(file: ModelFile) -> list[str]:
    """Inputs that `lrkeras bench` and most apps cannot fill: of open shapes, and of text."""
    graph = file.graphs[0]
    kinds = {t: file.type_name(graph.tensors[t].type) for t in graph.inputs}
    texts = [graph.tensor_name(t) for t, kind in kinds.items() if kind == "string"]
    return list(dict.fromkeys([*_open_inputs(file), *texts]))


_NEEDS = {
    "flex": "TensorFlow's kernels, so the app needs the Select TF ops library, and the nodes run "
    "on no delegate",
    "custom": "kernels that no runtime has; the app must register its own",
    "unknown": "operators of a later version of the format than this package knows",
}


def _of_loop(loop: WhileLoop) -> str:
    turns = "an unknown number of" if loop.turns is None else f"{loop.turns:,}"
    return (
        f"WHILE of {loop.layer or 'a layer'}: {turns} turns of {loop.body_nodes} nodes and "
        f"{loop.body_macs:,} MACs, each started by the runtime by itself, with copies of what is "
        "carried from turn to turn; no delegate takes a WHILE."
    )


def _of_tensors(file: ModelFile) -> list[str]:
    found = []
    if opened := _open_inputs(file):
        found.append(
            f"Open shapes ({', '.join(opened)}): delegates take nodes of fixed shapes only, and "
            "the app must resize the inputs before it runs."
        )
    wide = [t for g in file.graphs for i, t in enumerate(g.tensors) if g.data(i) is None]
    names = {file.type_name(tensor.type) for tensor in wide}
    for name in sorted(names & {"int64", "float64", "string", "complex64"}):
        found.append(f"Values of type {name}, which no delegate takes.")
    if (rank := _largest_rank(file)) > _XNNPACK_RANK:
        found.append(f"Tensors of {rank} dimensions; XNNPACK takes up to {_XNNPACK_RANK}.")
    return found


def _open_inputs(file: ModelFile) -> list[str]:
    graph = file.graphs[0]
    signatures = [graph.tensors[t].shapeSignature for t in graph.inputs]
    return [
        graph.tensor_name(t)
        for t, shape in zip(graph.inputs, signatures, strict=True)
        if shape is not None and -1 in shape
    ]


def _largest_rank(file: ModelFile) -> int:
    return max((len(g.shape(i)) for g in file.graphs for i in range(len(g.tensors))), default=0)
