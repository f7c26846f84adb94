"""Training models of sequence to sequence, as an encoder and a decoder with the same layers."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from lrkeras.model_graph.copy_model import copy_model
from lrkeras.model_graph.explicit_masks import called_with_masks, without_masks
from lrkeras.model_graph.graph_nodes import Node, computed_again, nodes_of
from lrkeras.model_graph.target_inputs import initial_state_of, target_inputs

# Layers that read all of what an encoder gives, rather than its entry of the same step.
ATTENTIONS = (
    keras.layers.Attention,
    keras.layers.AdditiveAttention,
    keras.layers.MultiHeadAttention,
    keras.layers.Dot,
)


@dataclasses.dataclass(frozen=True)
class EncoderDecoder:
    """A training model in two parts.

    Attributes:
        model: A copy of the training model without models inside it; its layers are those of the
            two parts.
        encoder: `[*sources] -> [*states, *memory, *other outputs]`; masks among the memory are
            float32, 1 where there is something.
        decoder: `[*targets, *memory] -> [*outputs]` of one target step, whose recurrent layers are
            called without an initial state.
        state_layers: The recurrent layer of the decoder that each of the encoder's states is for,
            with its place among the states of that layer.
        memory_names: Names of the memory as inputs of the decoder.
        source_names, target_names: Inputs of the training model.
        outputs: Which outputs of the training model the decoder gives, by place.
    """

    model: keras.Model
    encoder: keras.Model
    decoder: keras.Model
    state_layers: list[tuple[keras.layers.RNN, int]]
    memory_names: list[str]
    source_names: list[str]
    target_names: list[str]
    outputs: list[int]

    @classmethod
    def of(
        cls, model: keras.Model, decoder_inputs: Sequence[str] | None = None
    ) -> "EncoderDecoder":
        """Splits a training model where what depends on the target reads what does not.

        Args:
            model: A Functional model of teacher forcing, not changed.
            decoder_inputs: Names of the inputs of target steps; None to find them.

        Raises:
            ValueError: If the model is none, or its inputs cannot be told apart.
        """
        flat = _flat_copy(model)
        nodes = nodes_of(flat)
        targets = target_inputs(flat, nodes, decoder_inputs)
        cut = _Cut(flat, nodes, targets)
        return cls(
            model=flat,
            encoder=cut.encoder(),
            decoder=cut.decoder(),
            state_layers=[place for place, _ in cut.states],
            memory_names=cut.memory_names,
            source_names=[t.name for t in cut.sources],
            target_names=[t.name for t in cut.targets],
            outputs=cut.decoder_outputs,
        )


class _Cut:
    """The tensors between what depends on the target and what does not."""

    def __init__(self, model: keras.Model, nodes: list[Node], targets: list[str]):
        self._model = model
        self.targets = [tensor for tensor in model.inputs if tensor.name in targets]
        self.sources = [tensor for tensor in model.inputs if tensor.name not in targets]
        self._late = {id(tensor) for tensor in self.targets}
        self.states: list[tuple[tuple[keras.layers.RNN, int], Any]] = []
        # What the decoder reads: the tensor, and what stands for it where that is computed anew.
        self._memory: dict[int, Any] = {}
        self._repeated: dict[int, Any] = {}
        for node in nodes:
            if any(id(tensor) in self._late for tensor in node.inputs):
                self._late |= {id(tensor) for tensor in node.outputs}
                self._read(node)
        makers = {id(t): (node.operation, node) for node in nodes for t in node.outputs}
        self.memory_names = self._names(makers)
        outputs = list(enumerate(model.outputs))
        self.decoder_outputs = [place for place, t in outputs if id(t) in self._late]
        self._others = [t for _, t in outputs if id(t) not in self._late]

    def encoder(self) -> keras.Model:
        """What is computed once."""
        memory = [ops.cast(t, "float32") if t.dtype == "bool" else t for t in self._memory.values()]
        return keras.Model(
            self.sources,
            [*(tensor for _, tensor in self.states), *memory, *self._others],
            name=f"{self._model.name}_encoder",
        )

    def decoder(self) -> keras.Model:
        """What is computed for each target step."""
        # Initial states are taken out of the calls.
        made: dict[int, Any] = {id(tensor): None for _, tensor in self.states}
        inputs = []
        for tensor in self.targets:
            shape = (tensor.shape[0], 1, *tensor.shape[2:])
            inputs.append(keras.Input(batch_shape=shape, dtype=tensor.dtype, name=tensor.name))
            made[id(tensor)] = inputs[-1]
        for name, tensor in zip(self.memory_names, self._memory.values(), strict=True):
            is_mask = tensor.dtype == "bool"
            dtype = "float32" if is_mask else tensor.dtype
            inputs.append(keras.Input(batch_shape=tensor.shape, dtype=dtype, name=name))
            made[id(tensor)] = ops.not_equal(inputs[-1], 0) if is_mask else inputs[-1]
        for identity, vector in self._repeated.items():
            made[identity] = ops.expand_dims(made[id(vector)], 1)

        def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(operation, keras.layers.RNN):
                args = args[:1]
                kwargs.pop("initial_state", None)
            # All masks are arguments; Keras would find some where it found none before.
            return without_masks(operation(*args, **kwargs))

        wanted = [self._model.outputs[place] for place in self.decoder_outputs]
        outputs = computed_again(wanted, made, call)
        return keras.Model(inputs, outputs, name=f"{self._model.name}_decoder")

    def _read(self, node: Node) -> None:
        """Notes what a part of the decoder reads of the encoder."""
        given = initial_state_of(node)
        for place, tensor in enumerate(given):
            if id(tensor) in self._late:
                raise ValueError(
                    f"Expected initial states that are known before the first target step, "
                    f"received one in the call of `{node.operation.name}` that depends on all "
                    "target steps. Give it a state of the encoder, or leave `initial_state` out."
                )
            self.states.append(((node.operation, place), tensor))
        states = {id(tensor) for tensor in given}
        for tensor in node.inputs:
            if id(tensor) in self._late or id(tensor) in states:
                continue
            vector = None if isinstance(node.operation, ATTENTIONS) else _repeated(tensor)
            if vector is not None:
                self._repeated[id(tensor)] = vector
            read = tensor if vector is None else vector
            self._memory.setdefault(id(read), read)

    def _names(self, makers: dict[int, tuple[Any, Node]]) -> list[str]:
        """Names of the memory: after the layer that gives it."""
        taken = {tensor.name for tensor in self._model.inputs}
        names = []
        for tensor in self._memory.values():
            name = "mask" if tensor.dtype == "bool" else f"{_maker_name(tensor, makers)}_outputs"
            free, count = name, 1
            while free in taken:
                free, count = f"{name}_{count}", count + 1
            taken.add(free)
            names.append(free)
        return names


def _maker_name(tensor: Any, makers: dict[int, tuple[Any, Node]]) -> str:
    return makers[id(tensor)][0].name if id(tensor) in makers else tensor.name


def _repeated(tensor: Any) -> Any:
    """The vector that `RepeatVector` gave to every target step in this tensor, or None."""
    operation, index, _ = tensor._keras_history
    if not isinstance(operation, keras.layers.RepeatVector):
        return None
    return operation._inbound_nodes[index].input_tensors[0]


def _flat_copy(model: keras.Model) -> keras.Model:
    """A copy whose graph has the layers of inner models in their place, and all masks."""
    copy, pairs = copy_model(model, lambda layer: None)
    for old, new in pairs:
        new.set_weights(old.get_weights())
    inputs = [keras.Input(batch_shape=t.shape, dtype=t.dtype, name=t.name) for t in copy.inputs]

    def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(operation, keras.Model):
            return called_with_masks(operation, args, kwargs)
        given = keras.tree.flatten(args)
        made = {id(t): new for t, new in zip(operation.inputs, given, strict=True)}
        results = computed_again(operation.outputs, made, call)
        return results[0] if len(results) == 1 else results

    made = {id(t): new for t, new in zip(copy.inputs, inputs, strict=True)}
    outputs = computed_again(copy.outputs, made, call)
    return keras.Model(inputs, outputs, name=model.name)
