"""The model that a recipe starts its training from."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from lrkeras.compression import compress, prune_units
from lrkeras.model_graph.copy_model import compile_like
from lrkeras.structures import get
from lrkeras.structures.stored_size import StoredSize
from lrkeras.tuning.recipe import Recipe

# Sizes that are tried to come close to a limit, and how much of it is close enough.
_TRIALS, _USED = 6, 0.95
_BLOCK = (1, 16)


class NotPossibleError(ValueError):
    """No model can be made of a recipe."""


def small_model(model: keras.Model, recipe: Recipe, calibration: Any, seed: int) -> keras.Model:
    """Makes the model of a recipe, as its commands do.

    Args:
        model: The trained model, compiled.
        recipe: Whose sizes are set.
        calibration: Example inputs for structures.
        seed: Of what is drawn at random.

    Raises:
        NotPossibleError: If it cannot be made.
    """
    try:
        if recipe.units is not None:
            by_name = isinstance(recipe.units, dict)
            size = {"units" if by_name else "compression": recipe.units}
            model, _ = prune_units(model, **size, through_normalization=True)
        if recipe.structures:
            model, _ = compress(
                model,
                _structures(recipe),
                budget=recipe.budget,
                calibration=calibration,
                gate_layout=recipe.gate_layout,
                seed=seed,
            )
    except ValueError as error:
        raise NotPossibleError(str(error)) from error
    return model


def sized(
    model: keras.Model, recipe: Recipe, limit: float, share: float, calibration: Any, seed: int
) -> tuple[Recipe, keras.Model]:
    """Sets the sizes of a recipe so that the weights take no more than a limit.

    Args:
        model: The trained model.
        recipe: Whose structures and bits are chosen.
        limit: Bytes of the weights in these bits.
        share: Share of the cut, on a logarithmic scale, that fewer units make, from 0 to 1.
        calibration: Example inputs for structures.
        seed: Of what is drawn at random.

    Returns:
        `(recipe, model)`: the recipe with its sizes, and the model that it makes.

    Raises:
        NotPossibleError: If it cannot be so small.
    """
    size_of = lambda m: StoredSize.of(m, recipe.bits).bytes  # noqa: E731
    make = lambda r: small_model(model, r, calibration, seed)  # noqa: E731
    ratio = size_of(model) / limit
    if ratio <= 1 or (share == 0 and not recipe.structures):
        if size_of(model) > limit:
            raise NotPossibleError(
                f"the model takes {size_of(model):,} bytes where {limit:,.0f} are left"
            )
        recipe = recipe.replace(structures=())
        return recipe, model
    if recipe.structures == "auto":
        recipe = recipe.replace(budget=f"{int(limit)} B {recipe.bits}")
        return recipe, make(recipe)
    if share == 1:
        fewer = lambda times: recipe.replace(units=_units(model, recipe.bits, times))  # noqa: E731
        found = _closest(fewer, make, size_of, ratio, limit)
    else:
        units = None if share == 0 else _units(model, recipe.bits, round(ratio**share, 4))
        base = recipe.replace(units=units)
        rest = ratio ** (1 - share)
        found = _closest(lambda t: base.replace(compression=t), make, size_of, rest, limit)
    return found


def fresh_copy(model: keras.Model, seed: int) -> keras.Model:
    """A copy with random weights; what is not trained, such as statistics of inputs, stays."""
    keras.utils.set_random_seed(seed)
    copy = keras.models.clone_model(model)
    for new, old in zip(copy.non_trainable_weights, model.non_trainable_weights, strict=True):
        new.assign(old)
    compile_like(copy, model)
    return copy


def _units(model: keras.Model, bits: str, times: float) -> float | dict[str, int]:
    """What `prune_units` takes; in four bits even numbers, which are stored in pairs."""
    if bits != "int4":
        return times
    try:
        _, report = prune_units(model, times, through_normalization=True)
    except ValueError as error:
        raise NotPossibleError(str(error)) from error
    return {row.layers[0]: max(2, row.after - row.after % 2) for row in report.units}


def _closest(
    recipe_of: Callable[[float], Recipe],
    make: Callable[[Recipe], keras.Model],
    size_of: Callable[[keras.Model], float],
    times: float,
    limit: float,
) -> tuple[Recipe, keras.Model]:
    """The largest model within a limit, by how many times smaller something becomes."""
    best, low, high, smallest = None, 1.0, math.inf, math.inf
    error: NotPossibleError | None = None
    for _ in range(_TRIALS):
        times = float(np.round(max(times, 1.01), 4))
        try:
            recipe = recipe_of(times)
            model = make(recipe)
            size = size_of(model)
        except NotPossibleError as found:
            error, size = found, None
        smallest = min(smallest, size or math.inf)
        if size is not None and size <= limit:
            high = min(high, times)
            best = (recipe, model, size) if best is None or size > best[2] else best
            if size >= _USED * limit:
                break
        elif size is None and best is not None:
            low = max(low, times)  # would grow: it has to be smaller
        elif size is None:
            low, times = max(low, times), times * 1.5
            continue
        else:
            low = max(low, times)
        wanted = times * ((size or limit) / (0.98 * limit)) ** 1.1
        between = math.sqrt(low * high) if math.isfinite(high) else times * 1.5
        times = wanted if low < wanted < high else between
    if best is not None:
        return best[0], best[1]
    if error is not None and math.isinf(smallest):
        raise error
    raise NotPossibleError(
        f"the smallest size of it that was tried takes {smallest:,.0f} bytes of weights, where "
        f"{limit:,.0f} are left"
    )


def _structures(recipe: Recipe) -> Any:
    if isinstance(recipe.structures, str):
        return recipe.structures
    return {name: _structure(s, recipe.compression) for name, s in recipe.structures.items()}


def _structure(name: str, compression: float | None) -> Any:
    arguments: dict[str, Any] = {"compression": compression}
    if name.startswith("doped_"):
        arguments["block"] = _BLOCK
    return get(name, **arguments)
