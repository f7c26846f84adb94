"""What Model Explorer shows beside the nodes of a .tflite file."""

import dataclasses
import os
import pathlib
from typing import Any

from lrkeras.export.delegates.delegate_report import DelegateReport, GraphDelegation, NodeReport
from lrkeras.system.json_file import write_json

_COLORS = {"XNNPACK": "#b7e1cd", "runtime": "#f6c7a8"}
_GRADIENT = ({"stop": 0, "bgColor": "#ffffff"}, {"stop": 1, "bgColor": "#c2571a"})


def write_node_data(report: DelegateReport, path: str | os.PathLike) -> list[str]:
    """Writes node data files for Model Explorer, which shows one value of a node for each file.

    `out.json` has the MACs, on the colour of who runs the node, and carries the bytes, the
    delegate and the reason as further entries; `out.bytes.json` shows the bytes of the constants
    and `out.delegate.json` who runs the node. Load them with "Add node data" beside the model
    (https://github.com/google-ai-edge/model-explorer, `node_data_builder.py`).

    Args:
        report: What is known of the file.
        path: The `.json` file to write; the others lie beside it.

    Returns:
        The files written.
    """
    path = pathlib.Path(path)
    contents = {
        path: _of_all(report, _macs, {}),
        path.with_suffix(f".bytes{path.suffix}"): _of_all(report, _bytes, {"gradient": _GRADIENT}),
        path.with_suffix(f".delegate{path.suffix}"): _of_all(report, _delegate, {}),
    }
    for file, content in contents.items():
        write_json(file, content)
    return [str(file) for file in contents]


def _of_all(report: DelegateReport, value: Any, style: dict) -> dict[str, Any]:
    graphs = {graph.name: _of_graph(graph, value) | style for graph in report.graphs}
    # Without the name of a graph the data are for the one that is shown.
    return next(iter(graphs.values())) if len(graphs) == 1 else graphs


def _of_graph(graph: GraphDelegation, value: Any) -> dict[str, Any]:
    # A node is found by the name of a tensor that it writes.
    return {"results": {node.outputs[0]: value(node) for node in graph.nodes if node.outputs}}


def _macs(node: NodeReport) -> dict[str, Any]:
    shown = {"value": node.macs, "bgColor": _COLORS[_by(node)]}
    return shown | dataclasses.asdict(node)


def _bytes(node: NodeReport) -> dict[str, Any]:
    return {"value": node.bytes}


def _delegate(node: NodeReport) -> dict[str, Any]:
    text = f"XNNPACK {node.partition}" if node.delegate else f"runtime: {node.reason}"
    return {"value": text, "bgColor": _COLORS[_by(node)]}


def _by(node: NodeReport) -> str:
    return node.delegate or "runtime"
