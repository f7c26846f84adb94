"""Words from their characters."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from lrkeras.tasks.papers.elmo.character_ids import NUM_CHARACTERS


@keras.saving.register_keras_serializable(package="lrkeras.papers")
class CharacterCNN(keras.layers.Layer):
    """Convolutions of several widths over the characters of a word, the largest value of each.

    The input of ELMo (Peters et al. 2018, arXiv 1802.05365), small and without its highway layers.

    Args:
        character_dim: width of the table of characters.
        filters: pairs of width and number.
        outputs: numbers of a word.

    Call it with `(batch, words, characters)` of `character_ids`; it returns
    `(batch, words, outputs)`.
    """

    def __init__(
        self, character_dim: int, filters: Sequence[Sequence[int]], outputs: int, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.character_dim = character_dim
        self.filters = [list(one) for one in filters]
        self.outputs = outputs
        self.table = keras.layers.Embedding(NUM_CHARACTERS, character_dim, name="table")
        self.convolutions = [
            keras.layers.Conv1D(number, width, activation="relu", name=f"width_{width}")
            for width, number in self.filters
        ]
        self.projection = keras.layers.Dense(outputs, name="projection")

    def build(self, input_shape) -> None:
        characters = input_shape[-1]
        self.table.build((None, characters))
        for convolution in self.convolutions:
            convolution.build((None, characters, self.character_dim))
        self.projection.build((None, sum(number for _, number in self.filters)))

    def call(self, characters):
        width = characters.shape[-1]
        embedded = self.table(ops.reshape(characters, (-1, width)))
        found = [ops.max(convolution(embedded), axis=1) for convolution in self.convolutions]
        words = self.projection(ops.concatenate(found, axis=-1))
        batch, length = ops.shape(characters)[:2]
        return ops.reshape(words, (batch, length, self.outputs))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], self.outputs)

    def get_config(self):
        given = {name: getattr(self, name) for name in ("character_dim", "filters", "outputs")}
        return {**super().get_config(), **given}
