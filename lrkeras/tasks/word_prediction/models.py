"""The models of the word-prediction task, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from lrkeras import layers, structures
from lrkeras.compression.warm_start import warm_start
from lrkeras.layers.cifg_cell import CIFGCell
from lrkeras.tasks.training.dtype_policy import dtype_policy
from lrkeras.tasks.training.optimizer import adamw
from lrkeras.tasks.word_prediction.config import WordPredictionConfig
from lrkeras.tasks.word_prediction.perplexity import Perplexity

Config = WordPredictionConfig


@dataclasses.dataclass(frozen=True)
class WordModel:
    """What sets a model apart from the dense one.

    Attributes:
        structure: makes the structure of an LSTM layer's matrix over `[x; h]`, or None for dense.
        body: makes another recurrent part, a list of layers, in place of the LSTM layers.
        embedding_dim: the width of the word table; None takes that of the config.
    """

    structure: Callable[[Config], structures.Structure | None] = lambda config: None
    body: Callable[[Config], list[keras.layers.Layer]] | None = None
    embedding_dim: Callable[[Config], int] = lambda config: config.embedding_dim

    @property
    def is_sized_alike(self) -> bool:
        """Whether the layers are those of the teacher, whose weights the model starts from."""
        return self.body is None


def _small(config: Config) -> list[keras.layers.Layer]:
    lstm = layers.LSTM(config.small_units, return_sequences=True, name="lstm_0")
    return [lstm, *_dropout(config), layers.Dense(_small_dim(config), name="projection")]


def _small_dim(config: Config) -> int:
    return config.table_rank or config.embedding_dim


def _cifg(config: Config) -> list[keras.layers.Layer]:
    cell = CIFGCell(config.cifg_units, config.cifg_dim, name="cifg")
    return [keras.layers.RNN(cell, return_sequences=True, name="cifg_0"), *_dropout(config)]


MODELS: dict[str, WordModel] = {
    "dense": WordModel(),
    "kronecker": WordModel(lambda config: structures.Kronecker()),
    "low_rank": WordModel(lambda config: structures.LowRank(compression=config.factor_compression)),
    "hybrid": WordModel(lambda config: structures.Hybrid(compression=config.factor_compression)),
    "doped_kronecker": WordModel(
        lambda config: structures.doped(
            structures.Kronecker(), compression=config.compression, block=config.block
        )
    ),
    "pruned": WordModel(
        lambda config: structures.Sparse(
            compression=config.compression, block=config.block, padding="same"
        )
    ),
    "small_dense": WordModel(body=_small, embedding_dim=_small_dim),
    "cifg": WordModel(body=_cifg, embedding_dim=lambda config: config.cifg_dim),
}


def build_model(
    config: Config, name: str, num_words: int | None = None, *, precision: str = "float32"
) -> keras.Model:
    """Builds one model: word table, LSTM layers, projection, and the same table as output layer.

    Args:
        config: the run.
        name: a name of `MODELS`.
        num_words: the size of the vocabulary; None takes that of the config.
        precision: Keras's dtype policy of every layer.

    Returns:
        A compiled model from token ids of shape `(batch, window)` to logits of shape `(batch,
        window, num_words)`.

    Raises:
        ValueError: the name is unknown.
    """
    check_name(name)
    with dtype_policy(precision):
        model = _connect(config, name, num_words or config.num_words)
    compile_model(model, config, name)
    return model


def check_name(name: str) -> None:
    """Raises ValueError if no model has the name."""
    if name not in MODELS:
        raise ValueError(f"Expected a model name of {sorted(MODELS)}; received {name!r}.")


def _connect(config: Config, name: str, num_words: int) -> keras.Model:
    kind = MODELS[name]
    table = layers.Embedding(
        num_words,
        kind.embedding_dim(config),
        embeddings_structure=_table_structure(config, name),
        name="words",
    )
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    hidden = table(tokens)
    for layer in kind.body(config) if kind.body else _body(config, kind):
        hidden = layer(hidden)
    return keras.Model(tokens, table(hidden, reverse=True), name=name)


def _table_structure(config: Config, name: str) -> structures.Structure | None:
    if config.band_sizes:
        return structures.FrequencyBands(sizes=config.band_sizes, ranks=config.band_ranks)
    is_student = config.teacher is not None and name != config.teacher
    if is_student and MODELS[name].is_sized_alike and config.table_rank is not None:
        return structures.LowRank(rank=config.table_rank)
    return None


def _body(config: Config, kind: WordModel) -> list[keras.layers.Layer]:
    lstms = [
        layers.LSTM(
            config.units,
            return_sequences=True,
            joint_structure=kind.structure(config),
            gate_layout=config.gate_layout,
            name=f"lstm_{number}",
        )
        for number in range(config.num_layers)
    ]
    return [*lstms, *_dropout(config), layers.Dense(config.embedding_dim, name="projection")]


def _dropout(config: Config) -> list[keras.layers.Layer]:
    return [keras.layers.Dropout(config.dropout, name="dropout")] if config.dropout else []


def compile_model(model: keras.Model, config: Config, name: str) -> None:
    """Compiles a model with the optimiser, the loss and the perplexity of a config."""
    model.compile(
        optimizer=make_optimizer(config, name),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[Perplexity()],
    )


def make_optimizer(config: Config, name: str) -> keras.optimizers.Optimizer:
    """The optimiser for all epochs of a model; its rate falls to a tenth of the peak."""
    peak = config.student_rate if starts_from_teacher(config, name) else config.learning_rate
    steps = epochs_of(config, name) * config.steps_per_epoch
    return adamw(config, peak=peak, steps=steps, last=0.1)


def starts_from_teacher(config: Config, name: str) -> bool:
    """Whether a model takes over the weights of the teacher instead of random ones."""
    return config.teacher is not None and name != config.teacher and MODELS[name].is_sized_alike


def epochs_of(config: Config, name: str) -> int:
    """The epochs of a model, which depend on what it starts from."""
    if config.teacher is None or name == config.teacher:
        return config.epochs
    return config.student_epochs if starts_from_teacher(config, name) else config.scratch_epochs


def inherit(student: keras.Model, teacher: keras.Model) -> None:
    """Gives a student of the teacher's sizes the teacher's weights, its matrices fitted to them.

    A sparse part starts dense (`warm_start`), so that annealing starts from the teacher's function.
    """
    _inherit_table(student.get_layer("words"), teacher.get_layer("words"))
    for layer in teacher.layers:
        if isinstance(layer, layers.LSTM):
            _inherit_lstm(student.get_layer(layer.name).cell, layer.cell)
    student.get_layer("projection").set_weights(teacher.get_layer("projection").get_weights())


def _inherit_table(student: layers.Embedding, teacher: layers.Embedding) -> None:
    if student.is_structured:
        student.embeddings_structure.from_dense(teacher.embeddings)
    else:
        student.set_weights(teacher.get_weights())


def _inherit_lstm(student: layers.LSTMCell, teacher: layers.LSTMCell) -> None:
    parts = [ops.convert_to_numpy(w) for w in (teacher.kernel, teacher.recurrent_kernel)]
    if student.joint_structure is None:
        student.kernel.assign(parts[0])
        student.recurrent_kernel.assign(parts[1])
    else:
        warm_start(student.joint_structure, np.concatenate(parts))
    student.bias.assign(teacher.bias)
