"""Rows whose models have the same variables, their weights stacked."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
from wide_layers import narrowed, widened

from lrkeras.structures import Sparse, Sum, find_structures
from lrkeras.tasks.papers.language_models.carried_states import CarriedStates
from lrkeras.tasks.papers.language_models.config import PaperConfig

_KINDS = ("trainable", "rest")


@dataclasses.dataclass
class RowGroup:
    """Some rows, and one model that stands for all.

    Attributes:
        rows: numbers of the rows.
        model: a `loss_model`; its variables say where the weights of a row belong.
        trainable: their trainable weights but for `tables_of`, each with an axis of rows at first.
        rest: their other variables, likewise.
    """

    rows: list[int]
    model: keras.Model
    trainable: list[Any]
    rest: list[Any]

    @classmethod
    def of(cls, rows: list[int], model: keras.Model, models: list[keras.Model]) -> RowGroup:
        """The weights of some of all `models`, as those of `model`, which may have wider layers."""
        wanted = variables_of(model)
        carried = {
            id(state)
            for layer in model.layers
            if isinstance(layer, CarriedStates)
            for state in layer.carried
        }
        found = [variables_of(models[row]) for row in rows]
        stacked = {
            kind: [
                jnp.zeros((len(rows), *variable.shape), variable.dtype)
                if id(variable) in carried
                else stack([of_row[kind][place] for of_row in found], variable.shape)
                for place, variable in enumerate(wanted[kind])
            ]
            for kind in _KINDS
        }
        return cls(rows, model, stacked["trainable"], stacked["rest"])

    @functools.cached_property
    def sums(self) -> list[Sum]:
        """The doped matrices."""
        return find_structures(self.model, Sum)

    @functools.cached_property
    def sparse(self) -> list[tuple[Sparse, int, int]]:
        """Each sparse part, with the places of its values and of its mask."""
        values, masks = ([id(v) for v in variables_of(self.model)[kind]] for kind in _KINDS)
        return [
            (part, values.index(id(part.values)), masks.index(id(part.mask)))
            for part in find_structures(self.model, Sparse)
        ]

    @functools.cached_property
    def places(self) -> dict[int, int]:
        """The place in `rest` of each of these variables of the model, by its `id`."""
        return {id(variable): n for n, variable in enumerate(variables_of(self.model)["rest"])}

    def scope(self, trainable, rest) -> keras.StatelessScope:
        """In it, the variables of the model have the values of one row."""
        variables = variables_of(self.model)
        mapping = [
            *zip(variables["trainable"], trainable, strict=True),
            *zip(variables["rest"], rest, strict=True),
        ]
        return keras.StatelessScope(state_mapping=mapping)

    def write_back(self, row: int, model: keras.Model) -> None:
        """Gives a model of its own the weights of a row, but for `tables_of`."""
        place = self.rows.index(row)
        for kind, variables in variables_of(model).items():
            for variable, values in zip(variables, getattr(self, kind), strict=True):
                if kind == "trainable" or variable.shape == values.shape[1:]:  # no carried states
                    variable.assign(narrowed(np.asarray(values[place]), variable.shape))


def group_rows(
    configs: list[PaperConfig], models: list[keras.Model], wide: keras.Model
) -> list[RowGroup]:
    """Rows of equal variables together; dense ones of all widths as `wide`."""
    found: dict[tuple, list[int]] = {}
    for row, (config, model) in enumerate(zip(configs, models, strict=True)):
        key: tuple = ()
        if config.method not in ("dense", "small_dense"):
            shapes = tuple(tuple(variable.shape) for variable in model.variables)
            key = (config.method, config.where, config.block, shapes)
        found.setdefault(key, []).append(row)
    return [
        RowGroup.of(rows, models[rows[0]] if key else wide, models) for key, rows in found.items()
    ]


def tables_of(model: keras.Model) -> dict[str, keras.Variable]:
    """The word table and the output layer of a `loss_model`, which no row has a structure in."""
    output = model.get_layer("output")
    table = model.get_layer("words").embeddings
    return {"table": table, "kernel": output.kernel, "bias": output.bias}


def variables_of(model: keras.Model) -> dict[str, list[keras.Variable]]:
    """The other variables: those that are trained, and the rest."""
    tables = {id(variable) for variable in tables_of(model).values()}
    return {
        "trainable": [v for v in model.trainable_variables if id(v) not in tables],
        "rest": list(model.non_trainable_variables),
    }


def stack(variables: list[keras.Variable], shape: tuple[int, ...]):
    """Variables of some rows as one array, widened to a shape."""
    return jnp.asarray(np.stack([widened(np.asarray(v), shape) for v in variables]))
