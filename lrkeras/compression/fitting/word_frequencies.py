"""How often the words of tables occur, and what fits make of it."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.compression.matrices.embedding_owner import EmbeddingOwner
from lrkeras.compression.matrices.patterns import check_patterns, is_meant
from lrkeras.compression.matrices.selection import Selection
from lrkeras.compression.matrices.weight_matrix import WeightMatrix
from lrkeras.structures import FrequencyBands, Structure

Moments = dict[tuple[str, str], SecondMoments]

# Ids count as given by frequency where the first quarter of them occurs at least this share as
# often as the most frequent quarter: a sample of a text never has them exactly in order.
_IN_ORDER = 0.8
_SIDES = ("inputs", "outputs")
# Of the numbers that bands store: what "auto" tries.
_WHOLE_SHARES = (0.25, 0.5, 0.75)


def with_frequencies(
    moments: Moments, matrices: list[WeightMatrix], frequencies: Any = None
) -> Moments:
    """Second moments that know how often each word occurs.

    An error of a frequent word's row costs more, in the table that it is looked up in and in the
    layer that gives its logit: to second order, errors of logits cost as much as their words are
    probable. What `frequencies` does not say is taken from the look-ups of the examples: for an
    output layer, those of a table of as many words.

    Args:
        moments: As `collect_second_moments` gives them, or empty.
        matrices: Those to be fitted, tables and output layers among others.
        frequencies: Counts or probabilities of each word, in the order of ids; or a mapping from
            patterns of names of matrices to such arrays.

    Raises:
        ValueError: If these are no frequencies, or no matrix has as many words.
    """
    found = dict(moments)
    tables = [(m, axis) for m in matrices if (axis := m.owner.words_axis) is not None]
    given = _given(frequencies, [matrix for matrix, _ in tables])
    looked_up = {
        len(seen.inputs): seen.inputs
        for (_, role), seen in moments.items()
        if role in EmbeddingOwner.roles and seen.inputs is not None
    }
    for matrix, axis in tables:
        weights = looked_up.get(matrix.shape[axis])
        if matrix.name in given:
            weights = SecondMoments.of(inputs=given[matrix.name]).inputs
        if weights is not None:
            before = found.get(matrix.key, SecondMoments())
            found[matrix.key] = dataclasses.replace(before, **{_SIDES[axis]: weights})
    return found


def word_weights(moments: Moments, matrix: WeightMatrix) -> np.ndarray | None:
    """What an error of each word of a matrix costs, float64, or `None` where it is not known."""
    axis = matrix.owner.words_axis
    if axis is None or matrix.key not in moments:
        return None
    weights = (moments[matrix.key].inputs, moments[matrix.key].outputs)[axis]
    return weights if weights is not None and weights.ndim == 1 else None


def frequency_order(weights: np.ndarray) -> tuple[int, ...] | None:
    """Ids from the most to the least frequent word; `None` where ids are given so already."""
    order = np.argsort(-weights, kind="stable")
    quarter = max(1, len(weights) // 4)
    if weights[:quarter].sum() >= _IN_ORDER * weights[order[:quarter]].sum():
        return None
    return tuple(order.tolist())


def with_bands(selection: Selection, moments: Moments, automatic: Collection[str]) -> Selection:
    """What matrices may become, once it is known how often their words occur.

    Bands of words get the side that the words are, and an order where ids are not given by
    frequency. Where `"auto"` chooses, tables and output layers whose frequencies are known may
    become bands too, with several shares of whole rows.

    Args:
        selection: Matrices and their candidates.
        moments: As `with_frequencies` gives them.
        automatic: Names of the matrices for which `"auto"` chooses.
    """
    found: Selection = {}
    for name, (matrix, candidates) in selection.items():
        weights = word_weights(moments, matrix)
        offered = weights is not None and name in automatic
        bands = [FrequencyBands(whole_share=share) for share in _WHOLE_SHARES] if offered else []
        every = [_placed(spec, matrix, weights) for spec in (*candidates, *bands)]
        found[name] = (matrix, every)
    return found


def _placed(spec: Structure, matrix: WeightMatrix, weights: np.ndarray | None) -> Structure:
    """Bands with the side and the order of a matrix's words; other structures as they are."""
    axis = matrix.owner.words_axis
    if not isinstance(spec, FrequencyBands) or axis is None:
        return spec
    changes: dict[str, Any] = {"axis": axis} if spec.axis is None else {}
    if weights is not None and spec.order is None:
        changes["order"] = frequency_order(weights)
    return spec.copy(**changes) if changes else spec


def _given(frequencies: Any, matrices: list[WeightMatrix]) -> dict[str, np.ndarray]:
    """The frequencies of each matrix that some are given for."""
    if frequencies is None:
        return {}
    if isinstance(frequencies, Mapping):
        check_patterns(frequencies, matrices, "frequencies")
        checked = {pattern: _checked(counts) for pattern, counts in frequencies.items()}
        found = {}
        for matrix in matrices:
            counts = next((c for p, c in checked.items() if is_meant(matrix, p)), None)
            if counts is not None:
                _check_length(counts, [matrix])
                found[matrix.name] = counts
        return found
    counts = _checked(frequencies)
    _check_length(counts, matrices)
    return {m.name: counts for m in matrices if _words(m) == len(counts)}


def _checked(frequencies: Any) -> np.ndarray:
    counts = np.asarray(frequencies)
    if counts.ndim != 1 or counts.dtype.kind not in "iuf":
        raise ValueError(
            "Expected `frequencies` as one number for each word, in the order of ids, received an "
            f"array of shape {counts.shape} and type {counts.dtype}."
        )
    counts = counts.astype(np.float64)
    if not np.isfinite(counts).all() or counts.min(initial=0) < 0 or not counts.any():
        raise ValueError(
            "Expected `frequencies` that are finite, not negative and not all zero, received "
            f"numbers from {counts.min(initial=0):g} to {counts.max(initial=0):g}."
        )
    return counts


def _check_length(counts: np.ndarray, matrices: list[WeightMatrix]) -> None:
    if not any(_words(matrix) == len(counts) for matrix in matrices):
        sizes = ", ".join(f"{m.name}: {_words(m):,}" for m in matrices) or "there is none"
        raise ValueError(
            f"Expected as many `frequencies` as a table or output layer has words ({sizes}), "
            f"received {len(counts):,}."
        )


def _words(matrix: WeightMatrix) -> int:
    return matrix.shape[matrix.owner.words_axis or 0]
