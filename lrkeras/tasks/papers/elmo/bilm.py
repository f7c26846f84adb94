"""The language model in both directions."""

from __future__ import annotations

import keras
from keras import ops

from lrkeras import layers
from lrkeras.tasks.papers.elmo.character_cnn import CharacterCNN
from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.papers.elmo.word_reversal import WordReversal
from lrkeras.tasks.papers.matrices import structure_of

DIRECTIONS = ("forward", "backward")


def bilm(config: ElmoConfig) -> keras.Model:
    """Builds what is trained as a language model and then frozen (Peters et al. 2018).

    Two directions, each LSTMs with a projection; from the second on, what goes into one is added
    to what comes out. No state of a direction knows a word that is yet to come.

    Args:
        config: the run.

    Returns:
        A model from `character_ids`, int32 `(batch, words, characters)`, to the layers of each
        word, `(batch, words, 1 + num_layers, 2 * projection)`: the word itself, twice; then the
        outputs of the LSTMs forward and backward. Words of zeros fill what is behind a sentence.
    """
    characters = keras.Input((None, config.characters), dtype="int32", name="characters")
    cnn = CharacterCNN(config.character_dim, config.filters, config.projection, name="words")
    words = cnn(characters)
    found: dict[str, list] = {}
    for direction in DIRECTIONS:
        is_back = direction == "backward"
        hidden = WordReversal(name="turned")(words, characters) if is_back else words
        found[direction] = []
        for number in range(config.num_layers):
            noisy = keras.layers.Dropout(config.dropout, name=f"{direction}_dropout_{number}")
            above = lstm_of(config, direction, number)(noisy(hidden))
            hidden = above + hidden if number else above
            turned = WordReversal(name=f"turned_back_{number}")
            found[direction].append(turned(hidden, characters) if is_back else hidden)
    pairs = [(words, words), *zip(found["forward"], found["backward"], strict=True)]
    stacked = ops.stack([ops.concatenate(pair, axis=-1) for pair in pairs], axis=2)
    return keras.Model(characters, stacked, name=config.row)


def forward_layers(config: ElmoConfig) -> keras.Model:
    """Builds the forward LSTMs alone, as a phone would step them: from words to the last of them.

    Returns:
        A model from `(batch, words, projection)` to the same shape, without weights of a run.
    """
    words = keras.Input((None, config.projection), name="embedded")
    hidden = words
    for number in range(config.num_layers):
        above = lstm_of(config, "forward", number)(hidden)
        hidden = above + hidden if number else above
    return keras.Model(words, hidden, name=f"{config.row}_forward")


def lstm_of(config: ElmoConfig, direction: str, number: int) -> layers.LSTM:
    """One LSTM of a `bilm`, from the input on."""
    return layers.LSTM(
        config.units,
        return_sequences=True,
        projection_units=config.projection,
        name=f"{direction}_{number}",
        **_structures(config),
    )


def _structures(config: ElmoConfig) -> dict:
    """The arguments of an LSTM that say what its matrices are."""
    if not config.has_structures:
        return {}
    # Both roles have one shape: what an LSTM reads is as wide as what it gives on.
    structure = structure_of(config, (config.projection, 4 * config.units))
    role = "kernel" if config.where == "input" else "recurrent"
    return {f"{role}_structure": structure, "gate_layout": "stacked"}


def lstm_layers(model: keras.Model) -> list[layers.LSTM]:
    """The LSTMs of a `bilm`: forward from the input on, then backward."""
    return [
        model.get_layer(f"{direction}_{number}")
        for direction in DIRECTIONS
        for number in range(sum(layer.name.startswith("turned_back_") for layer in model.layers))
    ]
