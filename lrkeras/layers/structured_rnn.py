"""What the recurrent layers share: arguments, and a loop that forms each matrix once."""

import contextlib
import inspect

import keras

from lrkeras.layers.gradient_after_loop import GradientAfterLoop
from lrkeras.structures import group_scope


class StructuredRNN:
    """Mixin, placed before a Keras recurrent layer, for cells that are `StructuredCell`s.

    `cell_class` is the cell. Arguments that the cell's Keras ancestor or `cell_arguments` name go
    to the cell, the others to `keras.layers.RNN`.
    """

    cell_class = None
    has_cudnn = True
    """Whether cuDNN has a kernel for the cell, and Keras's layer an argument `use_cudnn`."""

    cell_arguments = (
        "kernel_structure",
        "recurrent_structure",
        "joint_structure",
        "gate_layout",
    )

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # What `help` and editors show: Keras's arguments, then ours.
        theirs = dict(inspect.signature(_keras_ancestor(cls)).parameters)
        rest = theirs.pop("kwargs")
        ours = inspect.signature(cls.cell_class).parameters
        ours = [ours[name] for name in cls.cell_arguments]
        cls.__signature__ = inspect.Signature([*theirs.values(), *ours, rest])

    def __init__(self, *args, **kwargs):
        ours = {name: kwargs.pop(name) for name in self.cell_arguments if name in kwargs}
        keras_layer, keras_cell = _keras_ancestor(type(self)), _keras_ancestor(self.cell_class)
        bound = inspect.signature(keras_layer.__init__).bind(self, *args, **kwargs).arguments
        bound.pop("self")
        rest = {**bound.pop("kwargs", {}), **bound}
        known = set(inspect.signature(keras_cell.__init__).parameters) | {"implementation"}
        ours.update({name: rest.pop(name) for name in known & set(rest)})
        cell = self.cell_class(
            **ours,
            dtype=rest.get("dtype"),
            trainable=rest.get("trainable", True),
            name=f"{keras_layer.__name__.lower()}_cell",
        )
        use_cudnn = rest.pop("use_cudnn", "auto") if self.has_cudnn else False
        if use_cudnn not in ("auto", True, False):
            raise ValueError(
                f'`use_cudnn` must be "auto", True or False. Received: use_cudnn={use_cudnn}'
            )
        # Past the Keras layer's own constructor, which would make its own cell.
        keras.layers.RNN.__init__(self, cell, **rest)
        self.input_spec = keras.layers.InputSpec(ndim=3)
        if self.has_cudnn:
            self.use_cudnn = use_cudnn
        if keras.config.backend() == "tensorflow" and use_cudnn:
            self.supports_jit = False  # as in Keras: cuDNN kernels do not compile under XLA

    def __call__(self, sequences, *args, **kwargs):
        with group_scope(sequences):
            return super().__call__(sequences, *args, **kwargs)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if keras.tree.is_nested(mask):
            mask = mask[0]
        wants_cudnn = self._wants_cudnn()
        with self.cell.materialised(training, by_factor=not wants_cudnn):
            if wants_cudnn:
                return super().inner_loop(sequences, initial_state, mask, training=training)
            projected = self.cell.project_inputs(sequences, training)
            gradient = None
            if self._takes_gradient_after_loop(mask, training):
                gradient = GradientAfterLoop(self.go_backwards)
                projected = self.cell.without_recurrent_gradient(gradient, projected)
            with self.cell.projected(), self._all_outputs(gradient is not None):
                found = keras.layers.RNN.inner_loop(
                    self, projected, initial_state, mask, training=training
                )
            if gradient is not None:
                gradient.see(found[1], initial_state[0], mask)
            return found

    @contextlib.contextmanager
    def _all_outputs(self, wanted):
        """Lets a loop give the outputs of all steps; `call` still returns what it should."""
        before = self.return_sequences
        self.return_sequences = before or wanted
        try:
            yield
        finally:
            self.return_sequences = before

    def _takes_gradient_after_loop(self, mask, training):
        """Whether the outputs are all states that the recurrent matrix was multiplied with."""
        if not (training and GradientAfterLoop.known()):
            return False
        if self.unroll or (mask is not None and self.zero_output_for_mask):
            return False
        return self.cell.adds_formed_state_product

    def _wants_cudnn(self):
        """Whether Keras's own loop, which knows cuDNN, runs on the formed matrices."""
        if not self.has_cudnn or not self.use_cudnn:
            return False
        return self.use_cudnn is True or _on_gpu()

    def get_build_config(self):
        # A group is shared within a model: wait to be called in it.
        return None if self.cell.specs.has_groups else super().get_build_config()

    def get_config(self):
        ours = self.cell.get_config()
        return {**super().get_config(), **{name: ours[name] for name in self.cell_arguments}}


def _on_gpu():
    """Whether Keras computes on a GPU."""
    if keras.config.backend() == "torch":  # which keras.distribution does not know
        return keras.ops.zeros(()).device.type == "cuda"
    # Asked for "gpu", JAX raises where there is none; asked for nothing, it prefers them.
    return any(d.startswith("gpu") for d in keras.distribution.list_devices())


def _keras_ancestor(cls):
    """The Keras layer or cell that one of ours extends."""
    return next(base for base in cls.__mro__ if base.__module__.startswith("keras."))
