"""The encoder and decoder of translation."""

from __future__ import annotations

from typing import Any

import keras

from lrkeras import layers
from lrkeras.tasks.papers.matrices import structure_of
from lrkeras.tasks.papers.translation.rows import layer_inputs
from lrkeras.tasks.papers.translation.translation_config import TranslationConfig
from lrkeras.tasks.training.optimizer import adamw

LAYERS = 2
ENCODER = tuple(f"encoder_{level}" for level in range(1, LAYERS + 1))
DECODER = tuple(f"decoder_{level}" for level in range(1, LAYERS + 1))
TABLE, ATTENTION, COMBINED = "table", "attention", "combined"
_PLAIN = ("dense", "small_dense")
# The rate at the end, as a share of the peak.
_LAST_RATE = 0.01
_TABLE_DEVIATION = 0.5


def translator(config: TranslationConfig, num_pieces: int) -> keras.Model:
    """Builds the model of teacher forcing: two LSTMs read, two write and attend to what was read.

    Each LSTM of the decoder starts from the last states of the encoder's of the same level.
    The attention (Luong et al. 2015, arXiv 1508.04025) is a scaled dot product of the upper states
    of both; what it gives is `tanh(W [state; context])`, which the transposed table scores.

    Args:
        config: the run.
        num_pieces: sub-words of the table.

    Returns:
        A model from `source`, int32 `(pairs, length)` with 0 behind the last, and `target`,
        `(pairs, steps)`, to the logits of the next sub-word, `(pairs, steps, num_pieces)`.
    """
    source, target = (
        keras.Input((None,), dtype="int32", name=name) for name in ("source", "target")
    )
    table = layers.Embedding(
        num_pieces,
        config.embedding_dim,
        # With Keras's +-0.05 so little of the source gets through four fresh LSTMs that it takes
        # many epochs until anything of it is learnt.
        embeddings_initializer=keras.initializers.RandomNormal(stddev=_TABLE_DEVIATION),
        mask_zero=True,
        name=TABLE,
    )
    memory, states = _recurrent(config, ENCODER, _dropped(config, table(source)), None)
    hidden, _ = _recurrent(config, DECODER, _dropped(config, table(target)), states)
    context = keras.layers.Attention(use_scale=True, name=ATTENTION)([hidden, memory])
    both = keras.layers.Concatenate(name="state_and_context")([hidden, context])
    combined = keras.layers.Dense(config.embedding_dim, "tanh", name=COMBINED)(both)
    logits = table(_dropped(config, combined), reverse=True)
    return keras.Model([source, target], logits, name=config.row)


def _recurrent(
    config: TranslationConfig, names: tuple[str, ...], hidden: Any, states: Any
) -> tuple[Any, list]:
    """Two LSTMs on top of one another; gives what the upper one gives, and the states of both."""
    found = []
    for level, (name, inputs) in enumerate(zip(names, layer_inputs(config), strict=True)):
        if level:
            hidden = _dropped(config, hidden)
        layer = layers.LSTM(
            config.units,
            return_sequences=True,
            return_state=True,
            name=name,
            **_matrices(config, inputs),
        )
        hidden, *last = layer(hidden, initial_state=states[level] if states else None)
        found.append(last)
    return hidden, found


def _dropped(config: TranslationConfig, hidden: Any) -> Any:
    return keras.layers.Dropout(config.dropout)(hidden)


def _matrices(config: TranslationConfig, inputs: int) -> dict:
    """What an LSTM's matrices are: one over `[x; h]` for each gate."""
    if config.method in _PLAIN:
        return {}
    return {"joint_structure": structure_of(config, (inputs + config.units, config.units))}


def lstm_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that are compressed."""
    return [model.get_layer(name) for name in (*ENCODER, *DECODER)]


def compile_translator(model: keras.Model, config: TranslationConfig, steps: int) -> None:
    """Compiles it for the mean cross-entropy of sub-words, in nats.

    Args:
        model: a `translator`.
        config: the run.
        steps: batches of the whole training.
    """
    model.compile(
        adamw(config, peak=config.learning_rate, steps=steps, last=_LAST_RATE),
        keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction="mean_with_sample_weight"
        ),
        # Batches are of any length; XLA would compile each anew.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
