"""The signatures of a .tflite file."""

import json
import os
import re

from lrkeras.export.tflite.check_file import read_checked
from lrkeras.export.tflite.metadata_entry import METADATA_NAME
from lrkeras.export.tflite.model_file import ModelFile


def read_model(path: str | os.PathLike) -> ModelFile:
    """Reads a .tflite file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a whole .tflite model; the message names it.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"Expected a .tflite file, received {path!r}, which does not exist."
        )
    with open(path, "rb") as stream:
        return read_checked(stream.read(), path)


def signature_graphs(file: ModelFile) -> dict[str | None, int]:
    """Maps each signature to the number of its graph, `step` first.

    A file without signatures has the single entry `{None: 0}`.
    """
    found = {s.signatureKey.decode(): s.subgraphIndex for s in file.model.signatureDefs or []}
    if not found:
        return {None: 0}
    return {name: found[name] for name in sorted(found, key=lambda name: name != "step")}


def steps_of(file: ModelFile, signature: str | None) -> int:
    """Time steps of one run of a signature.

    Returns:
        N for `chunk_N`; the length of its inputs for the `sequence` of a file that lrkeras wrote,
        which is in hops where the inputs are raw samples; 1 for anything else.
    """
    match = re.fullmatch(r"chunk_([1-9]\d*)", signature or "")
    if match:
        return int(match.group(1))
    written = json.loads(file.metadata(METADATA_NAME) or b"{}")
    if signature != "sequence" or "sequence" not in written.get("forms", ()):
        return 1
    graph = file.graphs[signature_graphs(file)[signature]]
    shapes = [graph.shape(tensor) for tensor in graph.inputs]
    length = max((shape[1] for shape in shapes if len(shape) > 1), default=1)
    return max(1, length // written.get("hop", 1))


def check_static(file: ModelFile, graph: int, path: str | os.PathLike) -> None:
    """Checks that every input of a graph has one fixed shape.

    Raises:
        ValueError: If one has not; the message names it.
    """
    tensors = file.model.subgraphs[graph].tensors
    for number in file.model.subgraphs[graph].inputs:
        tensor = tensors[int(number)]
        if tensor.shapeSignature is not None and -1 in tensor.shapeSignature:
            shape = tuple(int(size) for size in tensor.shapeSignature)
            raise ValueError(
                f"Expected fixed shapes, received the input {tensor.name.decode()!r} of shape "
                f"{shape} in {os.fspath(path)!r}, where -1 may be anything. Convert the model with "
                "a fixed shape, such as a batch and a time axis of 1."
            )
