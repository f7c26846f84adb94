"""Recurrent PyTorch modules that `torch.onnx` refuses or takes apart, as one operator a layer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from lrkeras.importers.torch_packed import PaddedSequences, padded_when_exported

# Which gate of PyTorch each gate of ONNX is: i, f, c, o and r, z, n there, i, o, f, c and z, r, h.
_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}


@contextlib.contextmanager
def whole_when_exported(module: Any, torch: Any) -> Iterator[None]:
    """While it lasts, the recurrent layers that PyTorch does not export are ONNX operators.

    `torch.export` takes an `nn.RNN` apart into its time steps and refuses packed sequences, which
    stay padded here, and ONNX has no LSTM with a projection: it becomes an LSTM of the domain
    `lrkeras`, whose input 8, of shape (directions, hidden, projection), follows those of ONNX's.

    Args:
        module: What is exported.
        torch: The package.
    """
    kinds = (torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN)
    plain = [kind.forward for kind in kinds]

    def replaced(forward: Any, always: bool) -> Any:
        # The names of the arguments are those of the modules.
        def own_forward(self: Any, input: Any, hx: Any = None) -> Any:
            if always or self.proj_size or isinstance(input, PaddedSequences):
                return _forward(torch, self, input, hx)
            return forward(self, input, hx)

        return own_forward

    try:
        for kind, forward in zip(kinds, plain, strict=True):
            kind.forward = replaced(forward, kind is torch.nn.RNN)
        with padded_when_exported(module, torch):
            yield
    finally:
        for kind, forward in zip(kinds, plain, strict=True):
            kind.forward = forward


def _forward(torch: Any, part: Any, x: Any, hx: Any) -> Any:
    """What the module computes, of operators that stand for a layer each."""
    if isinstance(x, PaddedSequences):
        steps, states = _over_layers(torch, part, x.steps, hx, x.lengths)
        return PaddedSequences(steps, x.lengths), states
    if x.dim() != 3:
        raise ValueError(
            "a recurrent module is called without a batch. Give it (and the examples) the batch as "
            "an axis"
        )
    x = x.transpose(0, 1) if part.batch_first else x
    x, last = _over_layers(torch, part, x, hx, None)
    return x.transpose(0, 1) if part.batch_first else x, last


def _over_layers(torch: Any, part: Any, x: Any, hx: Any, lengths: Any) -> Any:
    """The sequences of the last layer, (T, N, F), and the last states of all."""
    is_lstm = isinstance(part, torch.nn.LSTM)
    states = (None, None) if hx is None else tuple(hx) if is_lstm else (hx,)
    count = 2 if part.bidirectional else 1
    ends = []
    for layer in range(part.num_layers):
        own = slice(layer * count, (layer + 1) * count)
        given = [s if s is None else s[own] for s in states]
        x, *last = _layer(torch, part, layer, x, given, lengths)
        ends.append(last)
    final = [torch.cat(parts) for parts in zip(*ends, strict=True)]
    return x, (tuple(final) if is_lstm else final[0])


def _layer(torch: Any, part: Any, layer: int, x: Any, states: list[Any], lengths: Any) -> Any:
    """The sequence, (T, N, directions * H), and the last states, (directions, N, H)."""
    operator = next(name for name in _GATES if isinstance(part, getattr(torch.nn, name)))
    is_lstm = operator == "LSTM"
    suffixes = [f"l{layer}", f"l{layer}_reverse"][: 2 if part.bidirectional else 1]

    def gates(name: str, suffix: str) -> Any:
        parts = getattr(part, f"{name}_{suffix}").chunk(len(_GATES[operator]))
        return torch.cat([parts[gate] for gate in _GATES[operator]])

    kernel, recurrent_kernel = (
        torch.stack([gates(name, suffix) for suffix in suffixes])
        for name in ("weight_ih", "weight_hh")
    )
    bias, projections = None, []
    if part.bias:
        names = ("bias_ih", "bias_hh")
        bias = torch.stack([torch.cat([gates(n, suffix) for n in names]) for suffix in suffixes])
    if part.proj_size:
        weights = torch.stack([getattr(part, f"weight_hr_{s}").T for s in suffixes])
        projections = [None, weights]  # no peepholes
    lengths = None if lengths is None else lengths.to(torch.int32)
    count, width = len(suffixes), part.proj_size or part.hidden_size
    attributes: dict[str, Any] = {"hidden_size": part.hidden_size}
    if count == 2:
        attributes["direction"] = "bidirectional"
    if operator == "RNN":
        attributes["activations"] = [part.nonlinearity.capitalize()] * count
    if operator == "GRU":
        attributes["linear_before_reset"] = 1
    time, batch = x.shape[:2]
    shapes = [(time, count, batch, width), (count, batch, width), (count, batch, part.hidden_size)]
    sequence, *last = torch.onnx.ops.symbolic_multi_out(
        "lrkeras::LSTM" if part.proj_size else operator,
        # x, W, R, B, lengths, initial h, and of an LSTM: initial c, peepholes, the projection
        [x, kernel, recurrent_kernel, bias, lengths, *states, *projections],
        attributes,
        dtypes=[x.dtype] * (2 + is_lstm),
        shapes=shapes[: 2 + is_lstm],
        version=1 if part.proj_size else None,
    )
    return sequence.transpose(1, 2).reshape(time, batch, -1), *last
