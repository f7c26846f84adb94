"""Choosing structures and sizes so that a model meets a budget and loses the least."""

import dataclasses
import itertools
from typing import Any

import keras

from lrkeras.benchmark.step_time import step_time
from lrkeras.compression.compression_report import CompressionReport
from lrkeras.compression.compressor import Compressor
from lrkeras.compression.fitting.calibration import batches
from lrkeras.compression.search.budget import Budget
from lrkeras.compression.search.choices import Choices
from lrkeras.compression.units.prune_units import prune_to_size
from lrkeras.compression.units.unit_report import UnitReport
from lrkeras.structures.stored_size import StoredSize

Result = tuple[keras.Model, CompressionReport]
# Halvings of the range of sizes, for budgets that are measured.
_STEPS = 7
# Batches of the validation data that choices are compared on.
_COMPARED = 8


def search_budget(
    compressor: Compressor,
    budget: Budget | None,
    max_loss: float | None,
    validation: Any,
    tries_units: bool = False,
) -> Result:
    """Finds the best model within a budget, or the smallest one within a loss.

    Args:
        compressor: The model and what its matrices may become.
        budget: What the model may cost, or
        max_loss: the loss on `validation` that the smallest model shall not exceed.
        validation: `(x, y)` or a dataset.
        tries_units: Whether the model may have fewer hidden units instead of other matrices, for
            budgets of bytes and parameters.

    Raises:
        ValueError: If the budget or loss cannot be met; the message says what can.
    """
    if (budget is None) == (max_loss is None):
        raise ValueError(
            "`compress` takes either `budget` or `max_loss`. "
            f"Received: budget={budget}, max_loss={max_loss}"
        )
    if max_loss is not None:
        return _least_size(compressor, max_loss, validation)
    if budget is None:
        raise AssertionError("one of the two is given")
    if budget.kind == "us":
        return _longest_time(compressor, budget)
    return _within(compressor, budget, tries_units)


def _within(compressor: Compressor, budget: Budget, tries_units: bool) -> Result:
    """The best model within a budget that can be counted."""
    limit = budget.amount
    if budget.kind == "ratio":
        limit = StoredSize.of(compressor.model).params / budget.amount
    choices = Choices(compressor, budget, ratio=_ratio(compressor, budget, limit))
    small, report = choices.best(limit)
    spent = choices.spent
    fewer = _with_fewer_units(compressor, budget, limit) if tries_units else None
    if fewer is not None and choices.is_ahead(fewer[0]):
        small, units = fewer
        report, spent = compressor.report_of_units(small, units), _size(small, budget)
    if budget.kind == "ratio":
        spent = report.ratio
    return small, dataclasses.replace(report, budget=str(budget), spent=spent)


def _with_fewer_units(
    compressor: Compressor, budget: Budget, limit: float
) -> tuple[keras.Model, UnitReport] | None:
    """The model with so few hidden units that it is within a limit, where that can be."""
    examples = compressor.examples
    calibration = None if examples is None else (batch for batch in examples)
    return prune_to_size(compressor.original, lambda m: _size(m, budget), limit, calibration)


def _size(model: keras.Model, budget: Budget) -> float:
    if budget.kind == "bytes":
        return StoredSize.of(model, budget.dtype).bytes
    return StoredSize.of(model).params


def _ratio(compressor: Compressor, budget: Budget, limit: float) -> float:
    """About how many times smaller the matrices become."""
    if budget.kind == "bytes":
        return max(1.1, StoredSize.of(compressor.model).bytes / limit)
    return max(1.1, StoredSize.of(compressor.model).params / limit)


def _least_size(compressor: Compressor, max_loss: float, validation: Any) -> Result:
    """The smallest model whose loss is not above a limit."""
    if validation is None or not compressor.original.compiled:
        raise ValueError(
            "`max_loss` needs `validation` data and a compiled model, whose loss is measured."
        )
    examples = batches(validation[0] if isinstance(validation, tuple) else validation)
    inputs = list(itertools.islice(examples, _COMPARED))
    choices = Choices(compressor, Budget("bytes", float("inf")), ratio=4.0, inputs=inputs)
    low, high, best = choices.smallest, choices.largest, None
    choices.settle((low * high) ** 0.5)
    for step in compressor.track(range(_STEPS), "searching the smallest model"):
        limit = low + 1 if step == 0 else (low * high) ** 0.5
        small, report = choices.best(limit)
        loss = _loss(small, validation)
        if loss <= max_loss:
            best, high = (small, report, loss), limit
            if step == 0:
                break
        else:
            low = limit
    if best is None:
        raise ValueError(
            f"No smaller model was found with a loss of {max_loss:g} or less; the model as it "
            f"is has {_loss(compressor.original, validation):g}."
        )
    small, report, loss = best
    budget = f"a validation loss of at most {max_loss:g}"
    return small, dataclasses.replace(report, budget=budget, spent=loss)


def _loss(model: keras.Model, validation: Any) -> float:
    arguments = validation if isinstance(validation, tuple) else (validation,)
    return float(model.evaluate(*arguments, verbose=0, return_dict=True)["loss"])


def _longest_time(compressor: Compressor, budget: Budget) -> Result:
    """The best model whose converted file takes no more than a time on this machine."""
    quantize = None if budget.dtype == "float32" else budget.dtype
    dense_time = step_time(compressor.model, quantize)
    if dense_time <= budget.amount:
        raise ValueError(
            f"The model is within the budget of {budget} as it is: it takes {dense_time:.1f} us "
            "on this machine."
        )
    choices = Choices(compressor, budget, ratio=max(1.1, dense_time / budget.amount))
    choices.settle((choices.smallest * choices.largest) ** 0.5)
    small, report = choices.best(choices.smallest * (1 + 1e-9))
    time = step_time(small, quantize)
    if time > budget.amount:
        raise ValueError(
            f"The budget of {budget} is below what is possible: the smallest model that these "
            f"structures make takes {time:.1f} us a step on this machine."
        )
    low, high = choices.smallest, choices.largest
    for _ in compressor.track(range(_STEPS), "measuring converted models"):
        limit = (low * high) ** 0.5
        larger, larger_report = choices.best(limit)
        larger_time = step_time(larger, quantize)
        if larger_time <= budget.amount:
            small, report, time, low = larger, larger_report, larger_time, limit
        else:
            high = limit
    return small, dataclasses.replace(report, budget=str(budget), spent=time)
