"""The language models of the papers."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from lrkeras import layers
from lrkeras.tasks.papers.language_models.averaged_sgd import AveragedSGD
from lrkeras.tasks.papers.language_models.carried_states import CarriedStates
from lrkeras.tasks.papers.language_models.config import BASES, PaperConfig
from lrkeras.tasks.papers.language_models.dropped_matrix import DroppedMatrix
from lrkeras.tasks.papers.language_models.layer_matrices import GATES, matrices_of
from lrkeras.tasks.papers.language_models.output_penalty import OutputPenalty
from lrkeras.tasks.papers.language_models.taught_word_losses import TaughtWordLosses
from lrkeras.tasks.papers.language_models.word_losses import WordLosses
from lrkeras.tasks.training.dtype_policy import dtype_policy

# The part of a `loss_model` that is another model, which it learns from.
TEACHER = "teacher"


def loss_model(
    config: PaperConfig,
    num_words: int,
    *,
    batch_size: int,
    window: int,
    precise: bool = False,
) -> keras.Model:
    """Builds the model that is trained: from words and their successors to losses.

    Args:
        config: the run.
        num_words: the size of the vocabulary.
        batch_size: streams that are read at the same time.
        window: words of each in a batch.
        precise: whether everything computes in float32 and without noise, as results are measured.

    Returns:
        A model from `(tokens, targets)`, int32 of shape `(batch_size, window)`, to losses in nats
        of the same shape. Its states go on from call to call: `reset_states`.
    """
    tokens, targets = (
        keras.Input(batch_shape=(batch_size, window), dtype="int32", name=name)
        for name in ("tokens", "targets")
    )
    with dtype_policy("float32" if precise else config.precision):
        kind = _without_noise(config) if precise else config
        table, hidden = _hidden_states(kind, num_words, tokens, batch_size)
    arguments: dict[str, Any] = {
        "table": table if config.is_tied else None,
        "product_dtype": "float32" if precise else config.output_precision,
        "initializer": _initializer(config) or "glorot_uniform",
        "name": "output",
    }
    if config.teacher_weight and not precise:
        teacher = _teacher(config, num_words, batch_size, window)
        taught = TaughtWordLosses(num_words, config.teacher_weight, **arguments)
        losses = taught(hidden, targets, teacher(tokens))
    else:
        losses = WordLosses(num_words, **arguments)(hidden, targets)
    return keras.Model([tokens, targets], losses, name=config.row)


def _teacher(config: PaperConfig, num_words: int, batch_size: int, window: int) -> keras.Model:
    """The dense model of a base, from words to logits, its states carried over; not trained."""
    dense = _without_noise(dense_of(full_sizes(config)))
    tokens = keras.Input(batch_shape=(batch_size, window), dtype="int32", name="teacher_tokens")
    with dtype_policy(config.precision):
        logits = _logits(dense, num_words, tokens, batch_size)
    teacher = keras.Model(tokens, logits, name=TEACHER)
    teacher.trainable = False
    return teacher


def logit_model(config: PaperConfig, num_words: int) -> keras.Model:
    """Builds the model that is saved and converted: from words to logits, in float32.

    Takes windows of any length, each from states of zero; `copy_weights` gives it the weights of a
    `loss_model`.
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    with dtype_policy("float32"):
        logits = _logits(_without_noise(config), num_words, tokens, None)
    return keras.Model(tokens, logits, name=config.row)


def _logits(config, num_words, tokens, batch_size):
    table, hidden = _hidden_states(config, num_words, tokens, batch_size)
    if config.is_tied:
        return table(hidden, reverse=True)
    return keras.layers.Dense(num_words, name="output")(hidden)


def recurrent_model(config: PaperConfig) -> keras.Model:
    """Builds the recurrent layers alone: what the papers' compression and speed is about."""
    with dtype_policy("float32"):
        sequence = keras.Input((None, config.embedding_dim), name="embedded")
        hidden = sequence
        for layer in recurrent_layers(_without_noise(config), returns_state=False):
            hidden = layer(hidden)
    return keras.Model(sequence, hidden, name=f"{config.row}_recurrent")


def compile_for_losses(model: keras.Model, config: PaperConfig) -> None:
    """Compiles a `loss_model` with the optimiser of its config."""
    optimizer = AveragedSGD(
        config.rate_of(0),
        averages=config.patience is not None,
        global_clipnorm=config.mean_clip_norm,
    )
    model.compile(
        optimizer,
        _mean_of_losses,
        weighted_metrics=[keras.metrics.MeanMetricWrapper(_mean_of_losses, name="nats")],
        # On processors TensorFlow's own kernels are faster; "auto" compiles layers without cuDNN.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )


def _mean_of_losses(targets, losses):
    return losses


def reset_states(model: keras.Model) -> None:
    """Lets the next window start from states of zero."""
    for layer in model.layers:
        if isinstance(layer, CarriedStates):
            layer.reset()
        elif isinstance(layer, keras.Model):
            reset_states(layer)


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Copies the weights of one model of a config into another one of it, whatever their outputs.

    Layers without a counterpart in the target (a table, an output) are left out.
    """
    wanted = {layer.name: layer for layer in map(inside, target.layers)}
    for layer in map(inside, source.layers):
        if layer.name in wanted and layer.weights and wanted[layer.name].weights:
            _copy_layer(layer, wanted[layer.name])


def _copy_layer(source: keras.layers.Layer, target: keras.layers.Layer) -> None:
    if isinstance(source, WordLosses) and source.table is not None:
        return  # the weights are the table's
    if isinstance(source, layers.LSTM) and isinstance(
        source.cell.recurrent_structure, DroppedMatrix
    ):
        for name in ("kernel", "recurrent_kernel", "bias"):
            getattr(target.cell, name).assign(getattr(source.cell, name))
        return
    target.set_weights(source.get_weights())


def inside(layer: keras.layers.Layer) -> keras.layers.Layer:
    """The recurrent layer whose states another layer carries, or the layer itself."""
    return layer.rnn if isinstance(layer, CarriedStates) else layer


def recurrent_layers_of(model: keras.Model) -> list[keras.layers.RNN]:
    """The recurrent layers of a model, from the input on."""
    found = map(inside, model.layers)
    return [layer for layer in found if isinstance(layer, keras.layers.RNN)]


def dense_of(config: PaperConfig) -> PaperConfig:
    """The same sizes without a structure."""
    return dataclasses.replace(config, method="dense", is_started=False, is_reordered=False)


def full_sizes(config: PaperConfig) -> PaperConfig:
    """The same with the widths of the base, which a small dense row does not have."""
    if config.method != "small_dense":
        return config
    return dataclasses.replace(config, units=BASES[config.base].units)


def dense_parameters(config: PaperConfig) -> int:
    """Numbers of the dense recurrent layers, biases counted."""
    total = 0
    inputs = config.embedding_dim
    for units in config.units:
        matrices = inputs + units * (config.depth if config.cell == "rhn" else 1)
        biases = config.depth if config.cell == "rhn" else 1
        total += GATES[config.cell] * units * (matrices + biases)
        inputs = units
    return total


def _hidden_states(config, num_words, tokens, batch_size):
    """The word table and, before the output, the states; carried over if there is a batch size."""
    table = _table(config, num_words)
    before, between, last = config.dropout
    hidden = _dropout(config, before, "words_dropout")(table(tokens))
    wanted = recurrent_layers(config, returns_state=batch_size is not None)
    for number, rnn in enumerate(wanted):
        layer = rnn
        if batch_size is not None:
            layer = CarriedStates(rnn, batch_size, name=f"carried_{number}")
        hidden = layer(hidden)
        is_last = number == len(wanted) - 1
        raw = hidden
        hidden = _dropout(config, last if is_last else between, f"dropout_{number}")(hidden)
        if is_last and (config.activation_penalty or config.slowness_penalty):
            penalty = OutputPenalty(config.activation_penalty, config.slowness_penalty)
            hidden = penalty([hidden, raw])
    return table, hidden


def _table(config, num_words):
    initializer = _initializer(config) or keras.initializers.RandomUniform(-0.1, 0.1)
    name = "words"
    if config.is_tied:
        return layers.Embedding(
            num_words, config.embedding_dim, embeddings_initializer=initializer, name=name
        )
    return keras.layers.Embedding(
        num_words, config.embedding_dim, embeddings_initializer=initializer, name=name
    )


def recurrent_layers(config: PaperConfig, *, returns_state: bool) -> list[keras.layers.RNN]:
    """Makes the recurrent layers of a run, unbuilt."""
    made = []
    for number, units in enumerate(config.units):
        arguments = {
            "return_sequences": True,
            "return_state": returns_state,
            "name": f"recurrent_{number}",
            **matrices_of(config, number),
        }
        initializer = _initializer(config)
        if initializer is not None:
            arguments["kernel_initializer"] = initializer
            arguments["recurrent_initializer"] = initializer.clone()
        if config.cell == "rhn":
            arguments["recurrent_dropout"] = config.recurrent_dropout
            made.append(layers.RHN(units, depth=config.depth, **arguments))
        else:
            # The papers' forget gates have no bias to begin with.
            made.append(layers.LSTM(units, unit_forget_bias=False, **arguments))
    return made


def _dropout(config, rate, name):
    kind = keras.layers.SpatialDropout1D if config.is_dropout_locked else keras.layers.Dropout
    return kind(rate, name=name) if rate else keras.layers.Identity(name=name)


def _initializer(config):
    if config.init_scale is None:
        return None
    return keras.initializers.RandomUniform(-config.init_scale, config.init_scale)


def _without_noise(config: PaperConfig) -> PaperConfig:
    return dataclasses.replace(
        config,
        dropout=(0.0, 0.0, 0.0),
        activation_penalty=0.0,
        slowness_penalty=0.0,
        recurrent_dropout=0.0,
    )
