"""The structures that a cell was asked for."""

from __future__ import annotations

import dataclasses

import keras

from lrkeras import structures

GATE_LAYOUTS = ("per_gate", "stacked")


@dataclasses.dataclass(frozen=True)
class CellSpecs:
    """The structures a cell was asked for, unbuilt; not tracked by Keras."""

    kernel: structures.Structure | None
    recurrent: structures.Structure | None
    joint: structures.Structure | None
    gate_layout: str

    @classmethod
    def of(cls, kernel, recurrent, joint, gate_layout):
        if gate_layout not in GATE_LAYOUTS:
            raise ValueError(
                f"`gate_layout` must be one of {GATE_LAYOUTS}. Received: {gate_layout!r}"
            )
        kernel, recurrent, joint = (_structured(s) for s in (kernel, recurrent, joint))
        if joint is not None and (kernel is not None or recurrent is not None):
            raise ValueError(
                "`joint_structure` is one structure over [x; h] and takes the place of "
                "`kernel_structure` and `recurrent_structure`. Received: "
                f"joint_structure={joint}, kernel_structure={kernel}, "
                f"recurrent_structure={recurrent}"
            )
        return cls(kernel, recurrent, joint, gate_layout)

    @property
    def has_groups(self):
        """Whether a structure shares weights with those of other layers."""
        return any(
            s is not None and s.has_groups for s in (self.kernel, self.recurrent, self.joint)
        )

    def get_config(self):
        return {
            "kernel_structure": _serialize(self.kernel),
            "recurrent_structure": _serialize(self.recurrent),
            "joint_structure": _serialize(self.joint),
            "gate_layout": self.gate_layout,
        }


def _structured(identifier):
    structure = structures.get(identifier)
    return None if isinstance(structure, structures.Dense) else structure


def _serialize(structure):
    return None if structure is None else keras.saving.serialize_keras_object(structure)
