"""What passes know of a file beside its bytes."""

import dataclasses

import numpy as np

from lrkeras.export.passes.sparse_filter import SparseFilter


@dataclasses.dataclass(frozen=True)
class PassContext:
    """What a pass, `a_pass(file, context)`, may need to know of the file that it edits.

    Attributes:
        signatures: Names of the signatures; their graphs come first in the file, in this order.
        steps: Time steps that one call of each signature runs, of all its streams together.
        per_channel: Whether the oldest runtime that must read the file knows one int8 scale for
            each output of a product.
        sparse_filters: Filters whose zeros the file shall not hold.
        float_filters: Filters, (outputs, inputs), that must stay float32.
        half_filters: Filters, (outputs, inputs), that may be float16 and nothing smaller.
        bits: Bits of a large weight in the file.
        rounded_bits: To how many bits weights were rounded before; None if they were not.
        inputs: Sequences (n, time, ...) by input name, to measure ranges on.
    """

    signatures: list[str]
    steps: list[int]
    per_channel: bool = True
    sparse_filters: list[SparseFilter] = dataclasses.field(default_factory=list)
    float_filters: list[np.ndarray] = dataclasses.field(default_factory=list)
    half_filters: list[np.ndarray] = dataclasses.field(default_factory=list)
    bits: int = 32
    rounded_bits: int | None = None
    inputs: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    def is_float(self, weight: np.ndarray) -> bool:
        """Whether a filter must stay float32."""
        return any(np.array_equal(weight, kept) for kept in self.float_filters)

    def is_half(self, weight: np.ndarray) -> bool:
        """Whether a filter shall be float16 in a file of fewer bits."""
        return any(np.array_equal(weight, kept) for kept in self.half_filters)
