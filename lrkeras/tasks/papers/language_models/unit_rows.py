"""Rows whose hidden units are pruned while they train."""

from __future__ import annotations

import dataclasses

import keras

from lrkeras.callbacks import UnitPruning
from lrkeras.model_graph.units.hidden_units import HiddenUnits, find_units
from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.papers.language_models.model import inside, logit_model, recurrent_layers_of
from lrkeras.tasks.papers.language_models.rows import narrowed


class LossModelUnitPruning(UnitPruning):
    """Prunes the units of a `loss_model` to as many numbers as the small dense row has.

    Its layers that carry states and compute losses are followed in the `logit_model`, which has
    the same weights.

    Args:
        config: the run.
        num_words: the size of the vocabulary.
    """

    def __init__(self, config: PaperConfig, num_words: int) -> None:
        begin, end = (round(share * config.epochs) for share in config.anneal)
        whole, small = (
            logit_model(c, num_words).count_params() for c in (config, narrowed(config))
        )
        super().__init__(whole / small, begin, max(end, begin + 1), power=config.anneal_power)
        self.config, self.num_words = config, num_words

    def hidden_units(self) -> HiddenUnits:
        """Those of the `logit_model`, in the weights of the model that trains."""
        plain = logit_model(self.config, self.num_words)
        counterparts = {layer.name: layer for layer in map(inside, self.model.layers)}
        weights = {}
        for layer in plain.layers:
            pairs = (
                zip(layer.weights, counterparts[layer.name].weights, strict=True)
                if (layer.weights and counterparts[layer.name].weights)
                else ()
            )
            weights.update({id(mine): theirs for mine, theirs in pairs})
        return find_units(plain).moved(weights)


def trained_sizes(config: PaperConfig, model: keras.Model) -> PaperConfig:
    """The config of a dense run of the sizes that a trained model of a row with fewer units has.

    Args:
        config: the run; another one is returned as it is.
        model: its `logit_model`, trained.
    """
    if config.method != "units":
        return config
    return dataclasses.replace(
        config,
        method="dense",
        units=tuple(layer.cell.units for layer in recurrent_layers_of(model)),
        embedding_dim=model.get_layer("words").output_dim,
    )
