"""Reading an ONNX file that may be damaged, old or in pieces."""

from __future__ import annotations

import pathlib
from typing import Any

from lrkeras.system.optional_imports import require
from lrkeras.system.shortened import shortened

OLDEST_OPSET = 7


def read_file(path: pathlib.Path) -> Any:
    """Reads and checks a file.

    Returns:
        The `onnx.ModelProto`, with its weights inside and functions of its own inlined.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no ONNX file, is damaged, lacks a file of weights, or is too old.
    """
    onnx = require("onnx", "onnx")
    helper = require("onnx.external_data_helper", "onnx")
    if not path.is_file():
        raise FileNotFoundError(f"No file {str(path)!r}. Check the path.")
    try:
        proto = onnx.load(path, load_external_data=False)
    except Exception as error:
        raise ValueError(
            f"{str(path)!r} is not an ONNX file, or its end is missing. Export or download it "
            "again."
        ) from error
    if not proto.graph.node or not proto.graph.output:
        raise ValueError(
            f"{str(path)!r} is not an ONNX file: it has no graph with nodes and outputs. Export or "
            "download it again."
        )
    _check_external_data(path, proto, helper)
    try:
        helper.load_external_data_for_model(proto, str(path.parent))
    except Exception as error:
        raise ValueError(
            f"The weights beside {str(path)!r} cannot be read: {_line(error)}"
        ) from error
    return checked(proto, f"{str(path)!r}")


def checked(proto: Any, label: str) -> Any:
    """Checks a model that was read, and inlines its functions.

    Args:
        proto: The `onnx.ModelProto`.
        label: What messages call it.
    """
    onnx = require("onnx", "onnx")
    opset = next((o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")), None)
    if opset is None or opset < OLDEST_OPSET:
        raise ValueError(
            f"{label} is of opset {opset}, where {OLDEST_OPSET} or later is expected. Convert it "
            f"with onnx.version_converter.convert_version(onnx.load(path), {OLDEST_OPSET}), or "
            "export it again."
        )
    if proto.functions:
        proto = require("onnx.inliner", "onnx").inline_local_functions(proto)
    try:
        onnx.checker.check_model(_with_shapes(proto))
    except onnx.checker.ValidationError as error:
        raise ValueError(f"{label} is damaged: {_line(error)} Export it again.") from error
    return proto


def _with_shapes(proto: Any) -> Any:
    """What the checker is given: it asks for shapes of outputs, which runtimes do without."""
    if all(v.type.tensor_type.HasField("shape") for v in (*proto.graph.input, *proto.graph.output)):
        return proto
    copy = type(proto)()
    copy.CopyFrom(proto)
    for value in (*copy.graph.input, *copy.graph.output):
        value.type.tensor_type.shape.SetInParent()
    return copy


def _check_external_data(path: pathlib.Path, proto: Any, helper: Any) -> None:
    folder = path.parent.resolve()
    for tensor in proto.graph.initializer:
        if not helper.uses_external_data(tensor):
            continue
        location = helper.ExternalDataInfo(tensor).location
        # Links are followed: what is read is in the folder of the model and nowhere else.
        if folder not in (folder / location).resolve().parents:
            raise ValueError(
                f"{str(path)!r} wants to read weights from {location!r}, which is outside of its "
                "folder. It is not read; put the weights beside the model and save it with that "
                "name."
            )
        if not (path.parent / location).is_file():
            raise ValueError(
                f"{str(path)!r} has its weights in another file, {location!r}, which is missing. "
                "Put it into the same folder, under that name."
            )


def _line(error: Exception) -> str:
    return shortened(str(error).strip().partition("\n")[0].rstrip(".")) + "."
