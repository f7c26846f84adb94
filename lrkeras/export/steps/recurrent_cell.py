"""What one recurrent layer computes in one time step."""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from lrkeras.export.steps.projected_cell import ProjectedCell
from lrkeras.export.steps.subroutine import Subroutine, TensorSpec

# Time steps of a subroutine that long sequences are made of.
BLOCK_STEPS = 16
# A call costs some microseconds, a third to the whole of a step of 64 to 128 units. Below so many
# bytes of float32 weights, steps are copies of the subroutine instead, which costs the runtime as
# many copies of them; in a graph of so many steps at most.
_SMALL, COPIES = 1 << 20, 16
# Of whole sequences, where a call is most of a step; the copies add up to 17 KB to a file. Longer
# sequences stay calls: copies in their blocks save 10 to 28 % of the time, and the files are 1.7 to
# 2 times as large.
_SMALL_WHOLE = 1 << 16


class RecurrentCell:
    """One step of a recurrent layer, for all the graphs that a file has of it.

    Args:
        layer: A built `keras.layers.RNN`.
        cell_step: `cell_step(x, states) -> (output, new_states)` with x (1, features), in place
            of the layer's cell, or None.
        outlined: Whether the graphs call one subroutine, which holds the recurrent weights once;
            the inputs are multiplied outside, for all steps at once, where the cell allows it.
        copies: Steps of a small layer that a graph has itself, at most, rather than as calls.

    Attributes:
        name: The layer's name.
        subroutines: Those in use so far, each after the ones it calls.
    """

    def __init__(
        self,
        layer: keras.layers.RNN,
        cell_step: Any = None,
        outlined: bool = False,
        copies: int = COPIES,
    ):
        self.layer = layer
        self.copies = copies
        self.cell_step = cell_step
        self.outlined = outlined
        self.subroutines: list[Subroutine] = []
        split = ProjectedCell.of(layer.cell) if outlined and cell_step is None else None
        self._split = split
        self._cell: Callable = cell_step or (split.step if split else self._call_cell)
        self._blocks: dict[tuple[int, int, int, bool], Subroutine] = {}

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def state_sizes(self) -> list[int]:
        """Widths of the states."""
        return [int(size) for size in keras.tree.flatten(self.layer.cell.state_size)]

    @property
    def output_size(self) -> int:
        """Width of the output."""
        size = getattr(self.layer.cell, "output_size", None)
        return self.state_sizes[0] if size is None else int(size)

    @property
    def is_projected(self) -> bool:
        """Whether the inputs are multiplied outside the subroutine."""
        return self._split is not None

    def inlines(self, steps: int, whole: bool = False) -> bool:
        """Whether a graph of so many steps has the steps themselves rather than calls."""
        # XNNPACK leaves the sparse product alone, and so copies nothing of it.
        if not self.outlined or (self.cell_step is not None and steps == 1):
            return True
        copied = 4 * sum(math.prod(weight.shape) for weight in self.layer.weights)
        return copied <= (_SMALL_WHOLE if whole else _SMALL) and steps <= self.copies

    def prepare(self, features: int, steps: int, batch: int, masked: bool, whole: bool) -> None:
        """Says how `run` will be called, which is when the subroutines are made."""
        width = self._split.width if self._split is not None else features
        if whole and self.inlines(steps, whole):
            return  # nothing beside the graph itself
        self._block(1, batch, width, masked)
        if whole and steps >= BLOCK_STEPS:
            self._block(BLOCK_STEPS, batch, width, masked)

    def project(self, x: Any) -> Any:
        """What `run` takes, from inputs (steps, features)."""
        return x if self._split is None else self._split.project(x)

    def run(
        self,
        z: Any,
        states: list[Any],
        mask: Any = None,
        whole: bool = False,
        inlined: bool = False,
    ) -> tuple[list[Any], list[Any]]:
        """Runs steps in a row, of as many sequences side by side as states have rows.

        Args:
            z: Projected inputs, (steps * batch, width).
            states: States (batch, units).
            mask: (steps * batch, 1) or None.
            whole: Whether it is a long sequence, which is made of subroutines of many steps.
            inlined: Whether to compute without calls.

        Returns:
            Outputs, each (steps * batch, width) for the steps of one subroutine, and the last
            states.
        """
        batch = int(states[0].shape[0])
        steps, outputs, done = z.shape[0] // batch, [], 0
        while done < steps:
            blocks = whole and self.outlined and not inlined and steps - done >= BLOCK_STEPS
            count = BLOCK_STEPS if blocks else 1
            rows = slice(done * batch, (done + count) * batch)
            inputs = [z if steps == count else z[rows], *states]
            if mask is not None:
                inputs.append(mask if steps == count else mask[rows])
            block = self._one_step
            if not inlined:
                block = self._block(count, batch, z.shape[1], mask is not None)
            output, *states = block(*inputs)
            outputs.append(output)
            done += count
        return outputs, states

    def _block(self, steps: int, batch: int, width: int, masked: bool) -> Callable:
        function = self._one_step if steps == 1 else self._many_steps
        if not self.outlined:
            return function
        key, rows = (steps, batch, width, masked), steps * batch
        if key not in self._blocks:
            states = [TensorSpec((batch, size)) for size in self.state_sizes]
            masks = [TensorSpec((rows, 1), "bool")] if masked else []
            outputs = [TensorSpec((rows, self.output_size)), *states]
            inputs = [TensorSpec((rows, width)), *states, *masks]
            name = f"{self.name}_{'cell' if steps == 1 else f'{steps}_steps'}"
            self._blocks[key] = Subroutine(name, function, inputs, outputs)
            self.subroutines.append(self._blocks[key])
        return self._blocks[key]

    def _many_steps(self, z: Any, *rest: Any) -> list[Any]:
        states, mask = self._unpacked(rest)
        outputs, states = self.run(z, states, mask)
        return [ops.concatenate(outputs, axis=0), *states]

    def _one_step(self, z: Any, *rest: Any) -> list[Any]:
        states, mask = self._unpacked(rest)
        output, new_states = self._cell(z, states)
        if mask is not None:
            index = output_state(self.layer.cell)
            kept = ops.zeros_like(output)
            if not self.layer.zero_output_for_mask and index is not None:
                kept = states[index]
            output = ops.where(mask, output, kept)
            pairs = zip(new_states, states, strict=True)
            new_states = [ops.where(mask, new, old) for new, old in pairs]
        return [output, *new_states]

    def _unpacked(self, rest: tuple[Any, ...]) -> tuple[list[Any], Any]:
        count = len(self.state_sizes)
        return list(rest[:count]), rest[count] if len(rest) > count else None

    def _call_cell(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        nested = keras.tree.pack_sequence_as(self.layer.cell.state_size, states)
        if not isinstance(nested, (list, tuple)):
            nested = [nested]
        output, new_states = self.layer.cell(x, nested, training=False)
        return output, keras.tree.flatten(new_states)


def output_state(cell: Any) -> int | None:
    """Which of a cell's states, flattened, its output is; None if that is not known.

    A cell of one's own says so with an attribute `output_state`.
    """
    known = (keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell)
    if isinstance(cell, known):
        return 0
    if isinstance(cell, keras.layers.StackedRNNCells):
        before = sum(len(keras.tree.flatten(c.state_size)) for c in cell.cells[:-1])
        last = output_state(cell.cells[-1])
        return None if last is None else before + last
    return getattr(cell, "output_state", None)
