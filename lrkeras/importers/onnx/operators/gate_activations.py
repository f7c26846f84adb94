"""The activations of recurrent operators."""

from __future__ import annotations

from typing import Any

from lrkeras.importers.onnx.node_error import RefusedNodeError
from lrkeras.legacy_h5 import hard_sigmoid

_DEFAULTS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}
_PLAIN = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "softsign": "softsign",
    "softplus": "softplus",
}
# Those with numbers, and the numbers they have where the file gives none.
_ALPHA = {
    "leakyrelu": 0.01,
    "elu": 1.0,
    "hardsigmoid": 0.2,
    "thresholdedrelu": 1.0,
    "scaledtanh": 1.0,
    "affine": 1.0,
}
_BETA = {"hardsigmoid": 0.5, "scaledtanh": 1.0, "affine": 0.0}


def gate_activations(node: Any, directions: int) -> list[list[Any]]:
    """The activations of each direction, as arguments of Keras layers.

    Of an LSTM and a GRU the first is that of the gates, the second that of the candidate.

    Raises:
        ValueError: If Keras has no such activation.
    """
    names = node.attribute("activations") or _DEFAULTS[node.op] * directions
    alphas = list(node.attribute("activation_alpha") or [])
    betas = list(node.attribute("activation_beta") or [])
    found = []
    for name in names:
        key = name.lower()
        alpha = alphas.pop(0) if key in _ALPHA and alphas else _ALPHA.get(key)
        beta = betas.pop(0) if key in _BETA and betas else _BETA.get(key)
        found.append(_keras(node, name, alpha, beta))
    each = len(_DEFAULTS[node.op])
    result = [found[start : start + each] for start in range(0, each * directions, each)]
    for activations in result:
        if node.op == "LSTM" and activations[1] != activations[2]:
            raise RefusedNodeError(
                node,
                f"the activations of its candidate and of its output differ ({names}), which are "
                "one argument of keras.layers.LSTM.",
                "Train and export it with one for both.",
            )
    return result


def _keras(node: Any, name: str, alpha: float | None, beta: float | None) -> Any:
    key = name.lower()
    if key in _PLAIN:
        return _PLAIN[key]
    if key == "hardsigmoid" and beta == 0.5 and alpha is not None:
        if abs(alpha - 0.2) < 1e-6:
            return hard_sigmoid
        if abs(alpha - 1 / 6) < 1e-6:
            return "hard_sigmoid"
    if key == "elu" and alpha == 1:
        return "elu"
    if key == "leakyrelu" and alpha is not None and abs(alpha - 0.2) < 1e-6:
        return "leaky_relu"
    numbers = [f"{n}={v:g}" for n, v in (("alpha", alpha), ("beta", beta)) if v is not None]
    shown = f"{name}({', '.join(numbers)})" if numbers else name
    raise RefusedNodeError(
        node,
        f"Keras has no activation {shown} for its gates.",
        "Train and export it with Sigmoid, Tanh, Relu, Softsign, Softplus, Elu (alpha=1) or "
        "HardSigmoid (alpha=0.2 or 1/6, beta=0.5).",
    )
