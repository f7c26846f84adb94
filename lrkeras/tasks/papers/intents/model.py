"""The model of intents and slots."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from lrkeras import layers
from lrkeras.datasets import Utterance
from lrkeras.tasks.papers.intents.encoded_corpus import EncodedCorpus
from lrkeras.tasks.papers.intents.intent_config import IntentConfig
from lrkeras.tasks.papers.matrices import structure_of
from lrkeras.tasks.training.optimizer import adamw

# The layer that is compressed.
STATES = "states"
_BATCH = 256
_PLAIN = ("dense", "small_dense", "units")


def intent_model(config: IntentConfig, corpus: EncodedCorpus) -> keras.Model:
    """Builds the model: a word table, an LSTM in both directions, and what is read off its states.

    Args:
        config: the run.
        corpus: its words, intents and tags.

    Returns:
        A model from ids, int32 `(sentences, words)` with 0 behind the last word, to the logits
        `intent`, `(sentences, intents)`, of the mean over the states of all words, and with slots
        `slots`, `(sentences, words, tags)`, of the states of each word.
    """
    words = keras.Input((None,), dtype="int32", name="words")
    table = keras.layers.Embedding(
        len(corpus.vocabulary), config.embedding_dim, mask_zero=True, name="table"
    )
    hidden = keras.layers.Dropout(config.dropout, name="words_dropout")(table(words))
    forward, backward = (
        layers.LSTM(
            config.units, return_sequences=True, go_backwards=reads_back, name=name, **_of(config)
        )
        for name, reads_back in (("forward", False), ("backward", True))
    )
    both = keras.layers.Bidirectional(forward, backward_layer=backward, name=STATES)
    hidden = keras.layers.Dropout(config.dropout, name="states_dropout")(both(hidden))
    mean = keras.layers.GlobalAveragePooling1D(name="mean")(hidden)
    outputs = {"intent": keras.layers.Dense(len(corpus.intents), name="intent")(mean)}
    if corpus.tags:
        outputs["slots"] = keras.layers.Dense(len(corpus.tags), name="slots")(hidden)
    return keras.Model(words, outputs, name=config.row)


def _of(config: IntentConfig) -> dict:
    """What an LSTM's matrices are: one over `[x; h]` for each gate."""
    if config.method in _PLAIN:
        return {}
    shape = (config.embedding_dim + config.units, config.units)
    return {"joint_structure": structure_of(config, shape)}


def compile_for_intents(model: keras.Model, config: IntentConfig, steps: int) -> None:
    """Compiles it for the sum of both cross-entropies, each a mean: over sentences, over words.

    Args:
        model: an `intent_model`.
        config: the run.
        steps: batches of the whole training.
    """
    losses = {
        name: keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        for name in model.output_names
    }
    model.compile(
        adamw(config, peak=config.learning_rate, steps=steps, last=0.01),
        losses,
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )


def outputs_of(
    model: keras.Model, corpus: EncodedCorpus, sentences: Sequence[Utterance]
) -> dict[str, np.ndarray]:
    """What a model gives for sentences, by the name of the output.

    All batches have one shape, as each further one would be compiled anew; sentences of one word
    that is not known fill the last.
    """
    words = corpus.words_of(sentences, corpus.max_words)
    filling = np.zeros((-len(words) % _BATCH, corpus.max_words), words.dtype)
    filling[:, 0] = corpus.vocabulary.unknown_id
    outputs = model.predict(np.concatenate([words, filling]), batch_size=_BATCH, verbose=0)
    return {name: values[: len(words)] for name, values in outputs.items()}
