"""The matrices of recurrent layers and cells."""

import math

import keras
import numpy as np
from keras import ops

from lrkeras import layers, structures
from lrkeras.compression.matrices.matrix_owner import MatrixOwner

_RECURRENT = {
    keras.layers.LSTM: layers.LSTM,
    keras.layers.GRU: layers.GRU,
    keras.layers.SimpleRNN: layers.SimpleRNN,
    keras.layers.LSTMCell: layers.LSTMCell,
    keras.layers.GRUCell: layers.GRUCell,
    keras.layers.SimpleRNNCell: layers.SimpleRNNCell,
}
# No layer of Keras does what these do.
_OURS_ALONE = (layers.RHN, layers.RHNCell)


class RecurrentOwner(MatrixOwner):
    """LSTM, GRU, SimpleRNN and RHN, as layers and as cells."""

    @staticmethod
    def fits(layer):
        kinds = {*_RECURRENT, *_RECURRENT.values(), *_OURS_ALONE}
        return type(layer) in kinds

    def __init__(self, layer, path):
        super().__init__(layer, path)
        self.cell = getattr(layer, "cell", layer)
        if self._joint is not None:
            self.roles = ("joint",)
        else:
            self.roles = ("kernel", "recurrent")
            self.optional_roles = () if self._levels > 1 or self._is_rhn else ("joint",)

    @property
    def _joint(self):
        return getattr(self.cell, "joint_structure", None)

    @property
    def _is_rhn(self):
        return isinstance(self.cell, layers.RHNCell)

    @property
    def _levels(self):
        return len(getattr(self.cell, "recurrent_names", ("recurrent_kernel",)))

    @property
    def gates(self):
        """Number of matrices of `units` outputs side by side, in each level."""
        return self.cell.kernel.shape[1] // self.cell.units

    def _tensor(self, role):
        if role == "kernel":
            return self.cell.kernel
        if role == "joint":
            return ops.concatenate([self._tensor("kernel"), self._tensor("recurrent")], axis=0)
        if not self._is_rhn:
            return self.cell.recurrent_kernel
        # The matrices of all micro-steps, one after the other.
        return ops.concatenate([self.cell._matrix(n) for n in self.cell.recurrent_names], axis=1)

    def held(self, role):
        if role == "joint":
            return [] if self._joint is None else [self._joint]
        if self._is_rhn and role == "recurrent":
            return list(self.cell.recurrent_structures)
        structure = getattr(self.cell, f"{role}_structure", None)
        return [] if structure is None else [structure]

    def refusal(self, role):
        names = ("kernel", "recurrent") if role == "joint" else (role,)
        for name in names:
            if getattr(self.cell, f"{name}_constraint") is not None:
                return f"protected: its {name}_constraint needs the whole matrix"
        return None

    def overhead(self, role):
        if self.cell.bias is None:
            return 0
        biases = math.prod(self.cell.bias.shape)
        inputs = self.cell.kernel.shape[0]
        total = inputs + self.shape("recurrent")[0]
        rows = {"joint": total, "kernel": inputs, "recurrent": total - inputs}[role]
        return biases * rows // total

    def part_count(self, role, gate_layout="per_gate"):
        levels = self._levels if role == "recurrent" else 1
        return levels * (self.gates if gate_layout == "per_gate" else 1)

    def part_overhead(self, role, gate_layout="per_gate"):
        return self.overhead(role) // (self.gates if gate_layout == "per_gate" else 1)

    def build(self, role, spec, gate_layout="per_gate"):
        inputs, outputs = self.shape(role)
        levels = self._levels if role == "recurrent" else 1
        built = []
        for _ in range(levels):
            if gate_layout == "per_gate" and self.gates > 1:
                structure = structures.Concatenated(spec, self.gates, name=role)
            else:
                structure = spec.copy(name=role)
            structure.build((inputs, outputs // levels), self.overhead(role))
            built.append(structure)
        return built

    def replaced(self, chosen, gate_layout="per_gate"):
        """A layer of ours with structures for some roles.

        Args:
            chosen: Structure by role; roles left out keep what they have.
            gate_layout: As in `lrkeras.layers.LSTM`; a layer that keeps a structure keeps its own.
        """
        kind = _RECURRENT.get(type(self.layer), type(self.layer))
        specs = getattr(self.cell, "specs", None)
        kept = {} if specs is None else vars(specs)
        config = dict(self.layer.get_config())
        if "joint" in chosen:
            arguments = {"joint_structure": chosen["joint"]}
            config = {k: v for k, v in config.items() if not k.endswith("_structure")}
        else:
            arguments = {
                f"{role}_structure": chosen.get(role, kept.get(role)) for role in self.roles
            }
            keeps = any(kept.get(role) is not None and role not in chosen for role in self.roles)
            gate_layout = specs.gate_layout if keeps and specs is not None else gate_layout
        return kind.from_config({**config, **arguments, "gate_layout": gate_layout})

    def plain(self):
        """A layer without structures, Keras's own where it has one."""
        config = {k: v for k, v in self.layer.get_config().items() if not k.endswith("_structure")}
        theirs = next((k for k, ours in _RECURRENT.items() if ours is type(self.layer)), None)
        if theirs is None or config.get("projection_units") is not None:
            return type(self.layer).from_config(config)
        for name in ("gate_layout", "projection_units"):
            config.pop(name, None)
        return theirs.from_config(config)

    def dense_names(self):
        return ("kernel", "recurrent_kernel", *getattr(self.cell, "recurrent_names", ()))

    def copy_weights(self, new, fitted=()):
        # From a joint structure to separate matrices: the joint one comes apart by itself.
        target = type(self)(new, self.path)
        if target.roles != self.roles:
            fitted = (*fitted, *target.roles) if "joint" in target.roles else fitted
            if "joint" in self.roles:
                for role in target.roles:
                    target.assign_dense(role, self.value(role))
                fitted = (*fitted, *target.roles)
        super().copy_weights(new, fitted)

    def assign_dense(self, role, value):
        plain = self.cell._matrices.plain if hasattr(self.cell, "_matrices") else {}
        if role == "joint":
            inputs = self.shape("kernel")[0]
            self.assign_dense("kernel", value[:inputs])
            self.assign_dense("recurrent", value[inputs:])
        elif role == "kernel":
            plain.get("kernel", self.cell.kernel).assign(value)
        elif not self._is_rhn:
            plain.get("recurrent_kernel", self.cell.recurrent_kernel).assign(value)
        else:
            for name, piece in zip(
                self.cell.recurrent_names, np.split(value, self._levels, axis=1), strict=True
            ):
                plain[name].assign(piece)
