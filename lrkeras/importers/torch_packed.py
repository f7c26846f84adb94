"""Sequences that a PyTorch module packs, as padded ones beside their lengths."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any


@dataclasses.dataclass(frozen=True)
class PaddedSequences:
    """What stands in for a `torch.nn.utils.rnn.PackedSequence` while a module is exported.

    Attributes:
        steps: `(time, batch, features)`.
        lengths: of the sequences, `(batch,)`.
    """

    steps: Any
    lengths: Any

    def __getattr__(self, name: str) -> Any:
        raise ValueError(
            f"the module reads {name!r} of a packed sequence, of which only its sequences and "
            "their lengths can be exported. Call pad_packed_sequence first"
        )


@contextlib.contextmanager
def padded_when_exported(module: Any, torch: Any) -> Iterator[None]:
    """While it lasts, the module's packed sequences stay padded, with their lengths beside them.

    Args:
        module: whose methods call `pack_padded_sequence` and `pad_packed_sequence`.
        torch: The package.
    """
    rnn = torch.nn.utils.rnn
    stand_ins = {
        rnn.pack_padded_sequence: _packed(torch),
        rnn.pad_packed_sequence: _padded(torch),
    }
    changed: list[tuple[dict[str, Any], str, Any]] = []
    try:
        for names in _namespaces(module, rnn):
            for name, value in list(names.items()):
                if callable(value) and any(value is known for known in stand_ins):
                    changed.append((names, name, value))
                    names[name] = stand_ins[value]
        yield
    finally:
        for names, name, value in changed:
            names[name] = value


def _namespaces(module: Any, rnn: Any) -> list[dict[str, Any]]:
    """Where the functions may have a name: their module, and those that classes are written in."""
    found = {id(vars(rnn)): vars(rnn)}
    for part in module.modules():
        for kind in type(part).__mro__:
            for method in vars(kind).values():
                names = getattr(method, "__globals__", None)
                if names is not None and not kind.__module__.startswith("torch."):
                    found[id(names)] = names
    return list(found.values())


def _packed(torch: Any) -> Any:
    def pack_padded_sequence(
        input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
    ) -> PaddedSequences:
        if not isinstance(lengths, torch.Tensor):
            raise ValueError(
                "the lengths of packed sequences are no tensor. Give forward a tensor of lengths, "
                "and from_torch one as an example"
            )
        return PaddedSequences(input.transpose(0, 1) if batch_first else input, lengths)

    return pack_padded_sequence


def _padded(torch: Any) -> Any:
    def pad_packed_sequence(
        sequence: PaddedSequences,
        batch_first: bool = False,
        padding_value: float = 0.0,
        total_length: int | None = None,
    ) -> tuple[Any, Any]:
        if padding_value:
            raise ValueError(
                f"pad_packed_sequence fills up with {padding_value}, where zeros are expected. "
                "Call it without padding_value, and use torch.where behind it"
            )
        steps = sequence.steps.transpose(0, 1) if batch_first else sequence.steps
        return steps, sequence.lengths

    return pad_packed_sequence
