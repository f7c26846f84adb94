"""Recurrent PyTorch modules that `torch.onnx` refuses or takes apart, as one operator a layer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def whole_when_exported(torch: Any) -> Iterator[None]:
    """While it lasts, `nn.RNN` and `nn.LSTM` with `proj_size` are exported as ONNX operators.

    `torch.export` takes an `nn.RNN` apart into its time steps, and ONNX has no LSTM with a
    projection: it becomes an LSTM of the domain `lrkeras`, whose input 8, of shape (directions,
    hidden, projection), follows those of ONNX's.
    """
    lstm, rnn = torch.nn.LSTM.forward, torch.nn.RNN.forward

    # The names of the arguments are those of the modules.
    def lstm_forward(self: Any, input: Any, hx: Any = None) -> Any:
        return _forward(torch, self, input, hx) if self.proj_size else lstm(self, input, hx)

    def rnn_forward(self: Any, input: Any, hx: Any = None) -> Any:
        return _forward(torch, self, input, hx)

    torch.nn.LSTM.forward, torch.nn.RNN.forward = lstm_forward, rnn_forward
    try:
        yield
    finally:
        torch.nn.LSTM.forward, torch.nn.RNN.forward = lstm, rnn


def _forward(torch: Any, part: Any, x: Any, hx: Any) -> Any:
    """What the module computes, of operators that stand for a layer each."""
    is_lstm = isinstance(part, torch.nn.LSTM)
    if x.dim() != 3:
        raise ValueError(
            "a recurrent module is called without a batch. Give it (and the examples) the batch as "
            "an axis"
        )
    x = x.transpose(0, 1) if part.batch_first else x
    states = (None, None) if hx is None else tuple(hx) if is_lstm else (hx,)
    count = 2 if part.bidirectional else 1
    ends = []
    for layer in range(part.num_layers):
        own = slice(layer * count, (layer + 1) * count)
        x, *last = _layer(torch, part, layer, x, [s if s is None else s[own] for s in states])
        ends.append(last)
    final = [torch.cat(parts) for parts in zip(*ends, strict=True)]
    if part.batch_first:
        x = x.transpose(0, 1)
    return x, (tuple(final) if is_lstm else final[0])


def _layer(torch: Any, part: Any, layer: int, x: Any, states: list[Any]) -> Any:
    """The sequence, (T, N, directions * H), and the last states, (directions, N, H)."""
    is_lstm = isinstance(part, torch.nn.LSTM)
    suffixes = [f"l{layer}", f"l{layer}_reverse"][: 2 if part.bidirectional else 1]

    def gates(name: str, suffix: str) -> Any:
        weight = getattr(part, f"{name}_{suffix}")
        if not is_lstm:
            return weight
        i, f, candidate, o = weight.chunk(4)
        return torch.cat([i, o, f, candidate])  # the order of ONNX

    kernel, recurrent_kernel = (
        torch.stack([gates(name, suffix) for suffix in suffixes])
        for name in ("weight_ih", "weight_hh")
    )
    bias = projection = None
    if part.bias:
        names = ("bias_ih", "bias_hh")
        bias = torch.stack([torch.cat([gates(n, suffix) for n in names]) for suffix in suffixes])
    if is_lstm:
        projection = torch.stack([getattr(part, f"weight_hr_{s}").T for s in suffixes])
    count, width = len(suffixes), part.proj_size or part.hidden_size
    attributes: dict[str, Any] = {"hidden_size": part.hidden_size}
    if count == 2:
        attributes["direction"] = "bidirectional"
    if not is_lstm:
        attributes["activations"] = [part.nonlinearity.capitalize()] * count
    time, batch = x.shape[:2]
    shapes = [(time, count, batch, width), (count, batch, width), (count, batch, part.hidden_size)]
    sequence, *last = torch.onnx.ops.symbolic_multi_out(
        "lrkeras::LSTM" if is_lstm else "RNN",
        # x, W, R, B, lengths, initial h, and of an LSTM: initial c, peepholes, the projection
        [x, kernel, recurrent_kernel, bias, None, *states, *([None, projection] * is_lstm)],
        attributes,
        dtypes=[x.dtype] * (2 + is_lstm),
        shapes=shapes[: 2 + is_lstm],
        version=1 if is_lstm else None,
    )
    return sequence.transpose(1, 2).reshape(time, batch, -1), *last
