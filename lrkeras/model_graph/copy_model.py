"""Copies of models in which some layers are others."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras

from lrkeras.model_graph.layers_of import has_graph, inner_layers, inner_models

Replace = Callable[[keras.layers.Layer], keras.layers.Layer | None]
Pairs = list[tuple[keras.layers.Layer, keras.layers.Layer]]


def copy_model(model: keras.Model, replace: Replace) -> tuple[keras.Model, Pairs]:
    """Copies a model without its weights; shared layers and inner models stay shared.

    Args:
        model: A built Sequential or Functional model, or one of a class whose `from_config` makes
            it anew; it is not changed.
        replace: `replace(layer)` gives what takes the place of a layer, or `None` for a copy of
            it. It is asked for layers inside `Bidirectional`, `TimeDistributed`, `RNN` and inner
            models too.

    Returns:
        `(copy, pairs)`: the built model, not compiled, and `(layer, its counterpart)` for every
        layer with weights of its own.

    Raises:
        ValueError: If a layer cannot be copied; the message names it.
    """
    copier = _Copier(replace)
    with _not_compiled(model):
        if isinstance(model, keras.Sequential) or has_graph(model):
            new = keras.models.clone_model(model, clone_function=copier.copy, recursive=True)
        else:
            new = copier.copy_subclassed(model)
    return new, copier.pairs()


def compile_like(new: keras.Model, model: keras.Model) -> None:
    """Compiles a model as another one is; does nothing where that is not compiled."""
    if model.compiled:
        new.compile_from_config(model.get_compile_config())


class _Copier:
    """Copies layers and remembers what became of which."""

    def __init__(self, replace: Replace):
        self._replace = replace
        self._copies: dict[int, tuple[Any, Any]] = {}

    def copy(self, layer: Any) -> Any:
        if not isinstance(layer, keras.layers.Layer):
            return layer  # an operation has no weights
        if id(layer) not in self._copies:
            self._copies[id(layer)] = (layer, self._new(layer))
        return self._copies[id(layer)][1]

    def pairs(self) -> Pairs:
        found = []
        for old, new in self._copies.values():
            found += _pairs(old, new)
        return found

    def _new(self, layer: keras.layers.Layer) -> keras.layers.Layer:
        if isinstance(layer, keras.layers.Lambda):
            raise ValueError(
                f"Expected a model without Lambda layers, received `{layer.name}`: its function "
                "cannot be copied safely. Write it as a layer class or with keras.ops."
            )
        new = self._replace(layer)
        if new is not None:
            return new
        config = layer.get_config()
        if isinstance(layer, keras.layers.Bidirectional):
            config["backward_layer"] = self._new(layer.backward_layer)
            config["layer"] = self._new(layer.forward_layer)
            return type(layer)(**config)
        inside = {name: self._new(inner) for name, inner in inner_layers(layer).items()}
        if type(layer) is keras.layers.StackedRNNCells:
            return type(layer)(**{**config, "cells": list(inside.values())})
        if inside:  # TimeDistributed and RNN take their one layer first
            return type(layer)(**{**config, **inside})
        try:
            return type(layer).from_config(config)
        except Exception as error:
            raise ValueError(
                f"The layer `{layer.name}` ({type(layer).__name__}) cannot be copied from its "
                f"config: {error}. Write `get_config` and `from_config` for it."
            ) from error

    def copy_subclassed(self, model: keras.Model) -> keras.Model:
        try:
            new = type(model).from_config(model.get_config())
        except Exception as error:
            raise ValueError(
                f"Expected a Sequential or Functional model, or one that Keras can make anew from "
                f"its config, received `{model.name}` ({type(model).__name__}): {error}. Write "
                "`get_config` for it."
            ) from error
        for name, value in vars(model).items():
            if not name.startswith("_") and _holds_layers(value):
                setattr(new, name, keras.tree.map_structure(self.copy, _plain(value)))
        # The layers that the constructor made are held by the attributes no longer.
        kept = [value for name, value in vars(new).items() if not name.startswith("_")]
        held = {id(item) for value in kept for item in keras.tree.flatten(_plain(value))}
        for layer in [layer for layer in new._layers if id(layer) not in held]:
            new._layers.remove(layer)
        new.build_from_config(model.get_build_config())
        if not all(layer.built for layer in new.layers):
            raise ValueError(
                f"The model `{model.name}` ({type(model).__name__}) cannot be built from its build "
                "config. Write `build(input_shape)` for it, or make it a Functional model."
            )
        return new


def _pairs(old: Any, new: Any) -> Pairs:
    inside = inner_layers(old)
    if not inside:
        return [(old, new)]
    counterparts = inner_layers(new)
    found: Pairs = []
    for name, inner in inside.items():
        found += _pairs(inner, counterparts[name])
    return found


def _holds_layers(value: Any) -> bool:
    items = keras.tree.flatten(_plain(value))
    return bool(items) and all(isinstance(item, keras.layers.Layer) for item in items)


def _plain(value: Any) -> Any:
    """Lists and dicts as Keras tracks them, as ordinary ones."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


@contextlib.contextmanager
def _not_compiled(model: keras.Model) -> Iterator[None]:
    """While it lasts, Keras does not compile copies of the model by itself."""
    compiled = [m for m in inner_models(model) if m.compiled]
    for inner in compiled:
        inner.compiled = False
    try:
        yield
    finally:
        for inner in compiled:
            inner.compiled = True
