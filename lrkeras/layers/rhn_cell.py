"""The cell of `lrkeras.layers.RHN`."""

import keras
from keras import ops

from lrkeras.layers.cell_specs import CellSpecs
from lrkeras.layers.structured_cell import StructuredCell

_SEEDS_OF_A_LEVEL = 1000


@keras.saving.register_keras_serializable(package="lrkeras")
class RHNCell(StructuredCell, keras.layers.SimpleRNNCell):
    """One step of a recurrent highway network: `depth` micro-steps with coupled gates.

    For `l = 1 .. depth`, with `s_0` the state and `W x` in the first micro-step only:
    `h = activation(W_h x + R_h^l s_{l-1} + b_h^l)`,
    `t = recurrent_activation(W_t x + R_t^l s_{l-1} + b_t^l)`,
    `s_l = h * t + s_{l-1} * (1 - t)`. Zilly et al. 2017 (arXiv 1607.03474), eq. 6-9 with
    `c = 1 - t`.

    Takes every argument of `keras.layers.SimpleRNNCell`, in its order, then:

    Args:
        depth: Number of micro-steps.
        recurrent_activation: Activation of the transform gate `t`.
        transform_bias: Initial bias of the transform gate; negative values let the state pass.
        kernel_structure, gate_layout: As in `LSTMCell`; the gates are h and t.
        recurrent_structure: Structure of the recurrent matrix of each micro-step.
    """

    gates = 2

    def __init__(
        self,
        units,
        *args,
        depth=2,
        recurrent_activation="sigmoid",
        transform_bias=-2.0,
        kernel_structure=None,
        recurrent_structure=None,
        gate_layout="per_gate",
        **kwargs,
    ):
        super().__init__(units, *args, **kwargs)
        if not isinstance(depth, int) or depth < 1:
            raise ValueError(f"`depth` must be a positive integer. Received: depth={depth}")
        self.depth = depth
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.transform_bias = transform_bias
        self.recurrent_names = tuple(f"recurrent_kernel_{level}" for level in range(depth))
        self.recurrent_structures = []
        self._set_specs(CellSpecs.of(kernel_structure, recurrent_structure, None, gate_layout))

    def build(self, input_shape):
        self._input_width = int(input_shape[-1])
        width = 2 * self.units
        self.add_weight(
            shape=(self._input_width, width),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        for level, name in enumerate(self.recurrent_names):
            self.add_weight(
                shape=(self.units, width),
                name=name,
                initializer=self._initializer_of(level),
                regularizer=self.recurrent_regularizer,
                constraint=self.recurrent_constraint,
            )
        self.bias = self._add_bias() if self.use_bias else None

    def _initializer_of(self, level):
        """The recurrent initialiser, with a seed of its own: the same gives the same matrix."""
        initializer = self.recurrent_initializer
        seed = getattr(initializer, "seed", None)
        if level == 0 or not isinstance(seed, int):
            return initializer
        # Structures draw their factors with the seeds that follow.
        config = {**initializer.get_config(), "seed": seed + _SEEDS_OF_A_LEVEL * level}
        return type(initializer).from_config(config)

    def _add_bias(self):
        def initial(shape, dtype=None):
            half = (self.depth, self.units)
            transform = ops.full(half, self.transform_bias, dtype=dtype)
            return ops.concatenate([self.bias_initializer(half, dtype=dtype), transform], axis=1)

        return self.add_weight(
            shape=(self.depth, 2 * self.units),
            name="bias",
            initializer=initial,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )

    def _hold(self, role, name, structure):
        if role == "kernel":
            self.kernel_structure = structure
        else:
            self.recurrent_structures.append(structure)

    def _structure_of(self, name):
        if name == "kernel":
            return self.kernel_structure
        return self.recurrent_structures[self.recurrent_names.index(name)]

    @property
    def _input_bias(self):
        return None if self.bias is None else self.bias[0]

    @property
    def _bias_params(self):
        return super()._bias_params * (self.depth if self.use_bias else 0)

    def call(self, inputs, states, training=False):
        state = states[0] if keras.tree.is_nested(states) else states
        mask = 1.0
        if training and 0.0 < self.recurrent_dropout < 1.0:
            mask = self.get_recurrent_dropout_mask(state)
        x = inputs if self._loop.projected else self.project_inputs(inputs, training)
        for level, name in enumerate(self.recurrent_names):
            z = self._product(name, state * mask)
            if level == 0:
                z = z + x
            elif self.bias is not None:
                z = z + self.bias[level]
            h, t = ops.split(z, 2, axis=-1)
            t = self.recurrent_activation(t)
            state = self.activation(h) * t + state * (1 - t)
        return state, [state] if keras.tree.is_nested(states) else state

    def get_config(self):
        config = super().get_config()
        del config["joint_structure"]
        return {
            **config,
            "depth": self.depth,
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
            "transform_bias": self.transform_bias,
        }
