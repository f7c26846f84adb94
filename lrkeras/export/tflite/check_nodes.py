"""What a node must have so that a runtime, which does not look, does not read beyond it."""

from typing import Any

# Fewest and most inputs and outputs of the operators that models here are made of.
_ONE, _TWO = ((1, 1), (1, 1)), ((2, 2), (1, 1))
_ENDS = {
    **dict.fromkeys(("LOGISTIC", "TANH", "RELU", "EXP", "SQRT", "RSQRT", "SQUARE", "ABS"), _ONE),
    **dict.fromkeys(("CAST", "QUANTIZE", "DEQUANTIZE", "SOFTMAX", "LOG", "NEG", "SHAPE"), _ONE),
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "MINIMUM", "MAXIMUM", "POW", "GATHER"), _TWO),
    **dict.fromkeys(("BATCH_MATMUL", "TRANSPOSE", "PAD", "SUM", "MEAN", "EMBEDDING_LOOKUP"), _TWO),
    **dict.fromkeys(("EQUAL", "NOT_EQUAL", "GREATER", "LESS", "GREATER_EQUAL"), _TWO),
    "FULLY_CONNECTED": ((2, 3), (1, 2)),
    "CONV_2D": ((2, 3), (1, 1)),
    "DEPTHWISE_CONV_2D": ((2, 3), (1, 1)),
    "RESHAPE": ((1, 2), (1, 1)),
    "SLICE": ((3, 3), (1, 1)),
    "STRIDED_SLICE": ((4, 4), (1, 1)),
    "CONCATENATION": ((1, None), (1, 1)),
    "PACK": ((1, None), (1, 1)),
    "UNPACK": ((1, 1), (1, None)),
    "SPLIT": ((2, 2), (1, None)),
    "SPLIT_V": ((3, 3), (1, None)),
    "SELECT": ((3, 3), (1, 1)),
    "SELECT_V2": ((3, 3), (1, 1)),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": ((20, 24), (1, 1)),
}
# Options that say again how many there are.
_COUNTS = {
    "SPLIT": ("numSplits", "outputs"),
    "SPLIT_V": ("numSplits", "outputs"),
    "UNPACK": ("num", "outputs"),
    "PACK": ("valuesCount", "inputs"),
}
# The inputs of these may be left out, as a bias; those of others may not.
_OPTIONAL = {"FULLY_CONNECTED": 2, "CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "RESHAPE": 1}


def check_nodes(file: Any) -> None:
    """Checks the nodes and the signatures of a file that is whole otherwise.

    Args:
        file: A `ModelFile`.

    Raises:
        ValueError: If one is not as the runtime and XNNPACK take for granted; they may end the
            process then.
    """
    for graph in file.graphs:
        for number, op in enumerate(graph.operators):
            name = graph.op_name(op)
            _check_ends(f"node {number} ({name})", name, op)
    for signature in file.model.signatureDefs or []:
        graph = file.graphs[signature.subgraphIndex]
        for ends, known in ((signature.inputs, graph.inputs), (signature.outputs, graph.outputs)):
            for end in ends or []:
                if end.tensorIndex not in known:
                    _refuse("a signature", "ends of its graph", f"the tensor {end.tensorIndex}")


def _check_ends(label: str, name: str, op: Any) -> None:
    limits = _ENDS.get(name)
    if limits is None:
        return
    for what, (fewest, most) in zip(("inputs", "outputs"), limits, strict=True):
        tensors = getattr(op, what)
        if len(tensors) < fewest or (most is not None and len(tensors) > most):
            expected = f"{fewest} {what}" if fewest == most else f"{fewest} or more {what}"
            _refuse(label, expected, str(len(tensors)))
        needed = _OPTIONAL.get(name, len(tensors)) if what == "inputs" else len(tensors)
        if name != "UNIDIRECTIONAL_SEQUENCE_LSTM" and any(int(t) < 0 for t in tensors[:needed]):
            _refuse(label, f"{what} that are there", "one left out")
    if name in _COUNTS:
        field, what = _COUNTS[name]
        count = getattr(op.builtinOptions, field, 0)
        if count != len(getattr(op, what)):
            _refuse(label, f"{count} {what}, as its options say", str(len(getattr(op, what))))


def _refuse(label: str, expected: str, received: str) -> None:
    raise ValueError(
        f"Expected a whole file, received {label} with {received} where {expected} belong: it is "
        "damaged."
    )
