"""One matrix of a model that may be compressed."""

import dataclasses
import math

import keras
import numpy as np

from lrkeras.compression.matrices.matrix_owner import MatrixOwner
from lrkeras.structures import Structure, ToeplitzLike, find_structures

_SMALL = 512
_LARGEST_SIDE = 4096


@dataclasses.dataclass(frozen=True)
class WeightMatrix:
    """A matrix of a model, and where it sits.

    Attributes:
        owner: The layer that holds it.
        caller: The layer that is called with what it multiplies.
        role: Which of the owner's matrices.
    """

    owner: MatrixOwner
    caller: keras.layers.Layer
    role: str

    @property
    def name(self) -> str:
        """`"<path of the layer>.<matrix>"`."""
        return f"{self.owner.path}.{self.role}"

    @property
    def key(self) -> tuple[str, str]:
        """Path and role."""
        return self.owner.path, self.role

    @property
    def shape(self) -> tuple[int, int]:
        """`(inputs, outputs)`."""
        return self.owner.shape(self.role)

    @property
    def params(self) -> int:
        """Numbers stored now."""
        held = self.owner.held(self.role)
        return sum(s.num_params for s in held) if held else math.prod(self.shape)

    def value(self) -> np.ndarray:
        """The matrix, float64."""
        return self.owner.value(self.role)

    def build(self, spec: Structure, gate_layout: str) -> list[Structure] | str:
        """The structures it would become, built but not fitted, or why it cannot."""
        try:
            # Made anew from its config, a shared projection is not that of another model.
            fresh = type(spec).from_config(spec.get_config())
            built = self.owner.build(self.role, fresh, gate_layout) if self._has_entries else []
        except ValueError as error:
            return str(error)
        blocks = [block for structure in built for block in structure.column_blocks()]
        return self._refusal_of(blocks, sum(s.num_params for s in built)) or built

    def part(self, spec: Structure, gate_layout: str) -> tuple[Structure, int] | str:
        """One of the equal structures side by side that it would become, and their number.

        It is built, and tells what all of them are like in a fraction of the time; of structures
        that share weights only `build` tells.
        """
        count = self.owner.part_count(self.role, gate_layout)
        structure = type(spec).from_config(spec.get_config())
        try:
            if self._has_entries:
                shape = (self.shape[0], self.shape[1] // count)
                structure.build(shape, self.owner.part_overhead(self.role, gate_layout))
        except ValueError as error:
            return str(error)
        blocks = [structure] if self._has_entries else []
        params = count * sum(block.num_params for block in blocks)
        return self._refusal_of(blocks, params) or (structure, count)

    @property
    def _has_entries(self) -> bool:
        return 0 not in self.shape

    def _refusal_of(self, blocks: list[Structure], params: int) -> str | None:
        """Why it cannot become these blocks of columns, of so many parameters together."""
        if not blocks:
            return "it has no entries"
        if any(block.has_groups and len(block.summands()) > 1 for block in blocks):
            return "a projection that matrices share cannot be fitted inside a sum"
        side = max((max(s.shape) for s in find_structures(blocks, ToeplitzLike)), default=0)
        if side > _LARGEST_SIDE:
            return f"too large: a Toeplitz-like fit takes a square matrix of side {side:,}"
        # One of full size was asked for to be exact, not to be small.
        if params >= self.params and not all(block.is_full for block in blocks):
            return f"would grow: {params:,} parameters instead of {self.params:,}"
        return None

    def refusal(self) -> str | None:
        """Why it has to stay as it is whatever the structure, or `None`."""
        reason = self.owner.refusal(self.role)
        if reason is None and math.prod(self.shape) < _SMALL:
            reason = f"too small: {math.prod(self.shape)} entries, fewer than {_SMALL}"
        return reason
