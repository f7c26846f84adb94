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
        if any(d == 0 for d in self.shape):
            return "it has no entries"
        try:
            # Made anew from its config, a shared projection is not that of another model.
            built = self.owner.build(
                self.role, type(spec).from_config(spec.get_config()), gate_layout
            )
        except ValueError as error:
            return str(error)
        blocks = [block for structure in built for block in structure.column_blocks()]
        if any(block.has_groups and len(block.summands()) > 1 for block in blocks):
            return "a projection that matrices share cannot be fitted inside a sum"
        side = max((max(s.shape) for s in find_structures(built, ToeplitzLike)), default=0)
        if side > _LARGEST_SIDE:
            return f"too large: a Toeplitz-like fit takes a square matrix of side {side:,}"
        params = sum(s.num_params for s in built)
        # One of full size was asked for to be exact, not to be small.
        if params >= self.params and not all(s.is_full for s in built):
            return f"would grow: {params:,} parameters instead of {self.params:,}"
        return built

    def refusal(self) -> str | None:
        """Why it has to stay as it is whatever the structure, or `None`."""
        reason = self.owner.refusal(self.role)
        if reason is None and math.prod(self.shape) < _SMALL:
            reason = f"too small: {math.prod(self.shape)} entries, fewer than {_SMALL}"
        return reason
