"""What the recurrent cells share: matrices that may be structures, and products with them."""

import contextlib
import math
import types

import keras
from keras import ops

from lrkeras import structures
from lrkeras.layers.matrix_regularizer import MatrixRegularizer
from lrkeras.structures.factor_initializer import FactorInitializer

# How many times fewer multiplications make a loop leave a matrix unformed. At two times factors
# took 0.6 to 0.98 of its time in training, with 128 to 512 units, in TensorFlow and in JAX.
_LEAST_SAVING = 2


class StructuredCell:
    """Mixin, placed before a Keras recurrent cell, that lets its matrices be structures.

    Keras's own `build` runs unchanged; where it asks for the weight `kernel` or
    `recurrent_kernel`, a structure is built in its place. Attributes after `build`:
    `kernel_structure`, `recurrent_structure`, `joint_structure`: the built structures or `None`;
    `kernel`, `recurrent_kernel`: always the whole matrices, `(inputs, gates * units)` and
    `(state, gates * units)`.
    """

    gates = 1
    recurrent_names = ("recurrent_kernel",)
    adds_state_product = False
    """Whether a step only adds `h U` to what it has of its inputs, and reads `U` nowhere else."""

    def _set_specs(self, specs):
        for role in ("kernel", "recurrent"):
            structured = getattr(specs, role) or specs.joint
            if structured is not None and getattr(self, f"{role}_constraint") is not None:
                raise ValueError(
                    f"`{role}_constraint` cannot hold for a matrix that is never stored whole. "
                    f"Received: {role}_constraint={getattr(self, f'{role}_constraint')} with "
                    f"{type(structured).__name__}. Leave one of the two out."
                )
        self.specs = specs
        self.kernel_structure = self.recurrent_structure = self.joint_structure = None
        # Plain holders: variables are tracked where they are added, dense forms never.
        self._matrices = types.SimpleNamespace(plain={}, waiting=None)
        self._loop = types.SimpleNamespace(dense=None, products={}, projected=False)

    # --- building ---------------------------------------------------------------------------

    def add_weight(self, *args, name=None, **kwargs):
        role = {"kernel": "kernel", **dict.fromkeys(self.recurrent_names, "recurrent")}.get(name)
        if role is None:
            return super().add_weight(*args, name=name, **kwargs)
        if self.specs.joint is not None:
            return self._add_joint(role, **kwargs)
        if getattr(self.specs, role) is None:
            weight = super().add_weight(*args, name=name, **kwargs)
            self._matrices.plain[name] = weight
            return weight
        structure = self._gatewise(getattr(self.specs, role), name)
        # Biases count with the matrix they stand beside, in proportion to its size.
        state, total = self._state_width, self._input_width + self._state_width
        rows = self._input_width if role == "kernel" else state
        structure.build(kwargs["shape"], self._bias_params * rows // total, kwargs["initializer"])
        MatrixRegularizer.attach(structure, kwargs["regularizer"])
        self._hold(role, name, structure)
        return None

    def _hold(self, role, name, structure):
        setattr(self, f"{role}_structure", structure)

    def _add_joint(self, role, shape, initializer, **kwargs):
        if role == "kernel":
            self._matrices.waiting = (shape, initializer)
            return None
        (inputs, width), kernel_initializer = self._matrices.waiting
        first = FactorInitializer.get(kernel_initializer, (inputs, width))
        second = FactorInitializer.get(initializer, shape)
        rows = inputs + shape[0]
        variance = (inputs * first.variance + shape[0] * second.variance) / rows
        joint = self._gatewise(self.specs.joint, "joint")
        joint.build((rows, width), self._bias_params, FactorInitializer(variance, first.seeds))
        MatrixRegularizer.attach(joint, self.kernel_regularizer, slice(None, inputs))
        MatrixRegularizer.attach(joint, self.recurrent_regularizer, slice(inputs, None))
        self.joint_structure = joint
        return None

    def _gatewise(self, spec, name):
        if self.specs.gate_layout == "per_gate" and self.gates > 1:
            return structures.Concatenated(spec, self.gates, name=name, dtype=self.dtype_policy)
        return spec.copy(name=name, dtype=self.dtype_policy)

    @property
    def _bias_params(self):
        return self.gates * self.units if self.use_bias else 0

    @property
    def _state_width(self):
        return self.units

    # --- the matrices -----------------------------------------------------------------------

    @property
    def kernel(self):
        return self._matrix("kernel")

    @kernel.setter
    def kernel(self, value):
        """Keras's `build` assigns what `add_weight` returned; it is already held."""

    @property
    def recurrent_kernel(self):
        return self._matrix("recurrent_kernel")

    @recurrent_kernel.setter
    def recurrent_kernel(self, value):
        """See `kernel`."""

    def _matrix(self, name, training=False):
        """The whole matrix, a variable or a tensor."""
        if name in self._formed:
            return self._formed[name]
        if name in self._matrices.plain:
            return self._matrices.plain[name]
        if self.joint_structure is not None:
            dense = self.joint_structure.to_dense(training)
            inputs = self._input_width
            return dense[:inputs] if name == "kernel" else dense[inputs:]
        structure = self._structure_of(name)
        if structure is None:
            raise AttributeError(f"{type(self).__name__} has no `{name}` before `build`.")
        return structure.to_dense(training)

    @property
    def _formed(self):
        """The matrices that are formed for the loop that runs, by name."""
        return self._loop.dense or {}

    def _structure_of(self, name):
        return self.kernel_structure if name == "kernel" else self.recurrent_structure

    @contextlib.contextmanager
    def materialised(self, training=False, as_variables=False, by_factor=False):
        """Forms every matrix once, for all steps of a loop over time.

        Args:
            training: Whether training-time noise applies.
            as_variables: Whether to hold them as variables, which converters take faster than
                large constants.
            by_factor: Whether to leave those out that are faster to multiply with unformed.
        """
        names = ("kernel", *self.recurrent_names)
        factored = [name for name in names if by_factor and self._stays_factored(name)]
        if self.joint_structure is None:
            dense = {n: self._matrix(n, training) for n in names if n not in factored}
        elif len(factored) == len(names):
            dense = {}
        else:
            joint = self.joint_structure.to_dense(training)
            inputs = self._input_width
            dense = {"kernel": joint[:inputs], "recurrent_kernel": joint[inputs:]}
        if as_variables:
            dense = {name: keras.Variable(m, trainable=False) for name, m in dense.items()}
        self._loop.dense = dense
        with contextlib.ExitStack() as stack:
            for name in factored:
                structure = self._held_structure(name)
                stack.enter_context(structure.shared_work(training))
                self._loop.products[name] = structure.product_of_rows(*self._rows_of(name))
            try:
                yield
            finally:
                self._loop.dense = None
                self._loop.products.clear()

    def _held_structure(self, name):
        """The structure that makes a matrix, or the one over all of them."""
        return self._structure_of(name) if self.joint_structure is None else self.joint_structure

    def _rows_of(self, name):
        """First row of a matrix in the structure that makes it, and the one behind its last."""
        rows = self._held_structure(name).shape[0]
        if self.joint_structure is None:
            return 0, rows
        return (0, self._input_width) if name == "kernel" else (self._input_width, rows)

    def _stays_factored(self, name):
        """Whether a loop is faster without the whole matrix, and nothing else asks for it."""
        if name in self._matrices.plain:
            return False
        structure = self._held_structure(name)
        if not structure.multiplies_by_factor:
            return False
        regularizer = self.kernel_regularizer if name == "kernel" else self.recurrent_regularizer
        if self.dropout or self.recurrent_dropout or regularizer:
            return False
        return _LEAST_SAVING * structure.macs <= math.prod(structure.shape)

    @contextlib.contextmanager
    def projected(self):
        """While it lasts, `call` gets inputs that went through `project_inputs` already."""
        self._loop.projected = True
        try:
            yield
        finally:
            self._loop.projected = False

    @property
    def adds_formed_state_product(self):
        """Whether `adds_state_product` holds for a matrix that is formed, and for whole states."""
        drops = 0.0 < self.recurrent_dropout < 1.0
        if drops or not self.adds_state_product or self.recurrent_names[0] not in self._formed:
            return False
        # A `call` of a class below may do other things with the matrix.
        says, does = (
            next(kind for kind in type(self).__mro__ if name in vars(kind))
            for name in ("adds_state_product", "call")
        )
        return says is does

    def without_recurrent_gradient(self, gradient, projected):
        """Lets the loop that runs multiply with a recurrent matrix that has no gradient.

        Args:
            gradient: The `GradientAfterLoop` that finds it instead.
            projected: What `project_inputs` gave for all steps.

        Returns:
            What the loop takes in place of `projected`.
        """
        name = self.recurrent_names[0]
        projected, matrix = gradient.attach(projected, self._matrix(name))
        self._loop.dense = {**self._formed, name: matrix}
        return projected

    # --- products ---------------------------------------------------------------------------

    def _product(self, name, x, gates=None):
        """`x @ matrix`, or its columns of `gates = (first, last)`; factor by factor if unformed."""
        first, last = gates or (0, self.gates)
        columns = slice(first * self.units, last * self.units)
        if name in self._formed or name in self._matrices.plain:
            matrix = self._matrix(name)
            return ops.matmul(x, matrix if gates is None else matrix[:, columns])
        if gates is None and name in self._loop.products:
            return self._loop.products[name](x)
        structure = self._held_structure(name)
        x = structure.padded(x, *self._rows_of(name))
        blocks = structure.column_blocks()
        if gates is not None and len(blocks) == self.gates:
            return type(blocks[0]).matmul_side_by_side(blocks[first:last], x)
        product = structure.matmul(x)
        return product if gates is None else product[..., columns]

    @property
    def projects_inputs(self):
        """Whether the inputs have a matrix of their own to be multiplied with, for now."""
        return self.joint_structure is None or self._loop.dense is not None

    def project_inputs(self, inputs, training=False):
        """`x W + b` with input dropout, for `(batch, inputs)` or `(batch, time, inputs)`."""
        masks = None
        if training and 0.0 < self.dropout < 1.0:
            step = inputs if len(inputs.shape) == 2 else inputs[:, 0, :]
            masks = self.get_dropout_mask(step)
        z = self._masked_product("kernel", inputs, masks)
        return z if self._input_bias is None else z + self._input_bias

    def project_state(self, state, training=False):
        """`h U` with recurrent dropout, `(batch, gates * units)`."""
        masks = None
        if training and 0.0 < self.recurrent_dropout < 1.0:
            masks = self.get_recurrent_dropout_mask(state)
        return self._masked_product(self.recurrent_names[0], state, masks)

    def _masked_product(self, name, x, masks):
        if masks is None:
            return self._product(name, x)
        if not isinstance(masks, (list, tuple)):
            return self._product(name, x * _over_time(masks, x))
        products = [
            self._product(name, x * _over_time(mask, x), (gate, gate + 1))
            for gate, mask in enumerate(masks)
        ]
        return ops.concatenate(products, axis=-1)

    @property
    def _input_bias(self):
        return self.bias

    def build(self, input_shape):
        self._input_width = int(input_shape[-1])
        super().build(input_shape)

    def get_config(self):
        return {**super().get_config(), **self.specs.get_config()}


def _over_time(mask, x):
    return ops.expand_dims(mask, 1) if len(x.shape) == 3 else mask
