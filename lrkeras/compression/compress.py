"""Making a trained model small."""

import contextlib
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras

from lrkeras.compression.compression_report import CompressionReport
from lrkeras.compression.compressor import Compressor
from lrkeras.compression.fitting.calibration import collect_second_moments, model_batches
from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.compression.fitting.word_frequencies import with_bands, with_frequencies
from lrkeras.compression.matrices.embedding_owner import EmbeddingOwner
from lrkeras.compression.matrices.selection import Selection, automatic, select
from lrkeras.compression.progress import progress_bars, untracked
from lrkeras.compression.search.budget import Budget
from lrkeras.compression.search.budget_search import search_budget
from lrkeras.compression.unit_order.find_order import with_better_order
from lrkeras.model_graph.layers_of import single_layers
from lrkeras.saving import check_finite
from lrkeras.structures import Structure
from lrkeras.structures.structure import METHODS


def compress(
    model: keras.Model,
    what: Any,
    *,
    include: Sequence[str] | str | None = None,
    exclude: Sequence[str] | str | None = None,
    budget: str | None = None,
    max_loss: float | None = None,
    validation: Any = None,
    method: str | None = None,
    calibration: Any = None,
    frequencies: Any = None,
    gate_layout: str = "per_gate",
    reorder_units: bool = True,
    seed: int = 0,
    verbose: bool = False,
    track: Callable[..., Iterable] | None = None,
) -> tuple[keras.Model, CompressionReport]:
    """Makes a copy of a trained model whose weight matrices are structures fitted to its own.

    LSTM, GRU, SimpleRNN, Dense, EinsumDense (where it is a matrix) and Embedding layers become
    those of `lrkeras.layers`, inside `Bidirectional`, `TimeDistributed`, `RNN` and inner models
    too; everything else is copied. The copy is compiled like the model, so that `fit` fine-tunes
    it at once.

    Matrices are called by the path of their layer and what they are: `"lstm_1.kernel"` (of the
    input, "additive"), `"lstm_1.recurrent"` ("multiplicative"), `"lstm_1.joint"` (one matrix over
    `[x; h]` in place of these two, only where asked for by name), `"dense.kernel"`,
    `"embedding.embeddings"`.

    A budget with a list, or `"auto"`, compares choices by how far the outputs of the whole model
    move: some that a search finds, and each structure of the list with one ratio for all
    matrices. None of the latter is nearer to the model than what is returned, on the inputs of
    the comparison; what the search finds is returned only where it is clearly ahead of them, by
    5 %, or by 20 % without examples:

    * With `calibration` the inputs are the examples: `"auto"` is safe where these are like the
      inputs in use.
    * Without, a model that predicts what its own input goes on with (characters, words, one-hot
      notes) writes them itself. `"auto"` is then nearly as safe; check the result.
    * Other models get random ids, or normal numbers of variance 1. Where true inputs are unlike
      these, nothing is promised: give `calibration`.
    * Where the inputs cannot be known (of a subclassed model), every matrix is cut alike, by the
      structure that loses the least squares, and the report says so.

    The comparison is made before fine-tuning, which may change the order. A budget of time, and
    `max_loss`, compare all choices at one size, and at others the best two only. With
    `max_loss` the inputs are the first eight batches of `validation`.

    Args:
        model: A built model, not changed: Sequential, Functional, or of a class that Keras can
            make anew from its config.
        what: A structure or its name for all matrices; a mapping from patterns of names to
            structures, of which the first that matches counts (`None`: leave it), such as
            `{"lstm*.recurrent": LowRank(compression=10), "dense": "monarch"}`; or, with a budget,
            a list of structures to choose from, or `"auto"` for those with a fast product, bands
            of words where it is known how often they occur (see `frequencies`) and, for all
            matrices and a budget of bytes or parameters, fewer hidden units (`prune_units`).
        include: Pattern or patterns; other matrices are left alone.
        exclude: Pattern or patterns of matrices to leave alone.
        budget: `"2 MB"`, `"1.4 MB int8"`, `"25x"`, `"1.5M params"` (of the whole model) or
            `"80 us"` (measured time of one step of the converted model). In bytes of int8 or
            float16 all matrices count in that type, vectors and biases in float32.
        max_loss: Instead of a budget: the smallest model whose loss on `validation` is not above.
        validation: `(x, y)` or a dataset for `max_loss`.
        method: `None` or `"svd"`: the best fit that is known; `"semi_nmf"`: low-rank factors of
            which one is not negative.
        calibration: Inputs as `model.predict` takes them, or batches. Matrices are then fitted to
            give the same outputs on these inputs, and a budget goes by how far the outputs of the
            model move on them. Layers start at the states that they are given, or remember.
        frequencies: How often each word occurs, in the order of ids: an array as long as a word
            table or an output layer, or a mapping from patterns of names to such arrays. Errors of
            frequent words then cost more, and `FrequencyBands` keep their rows whole, whatever the
            order of ids. Left out, words are counted in `calibration`.
        gate_layout: Whether a structure is one for each gate (`"per_gate"`) or over all of them
            (`"stacked"`); see `lrkeras.layers.LSTM`.
        reorder_units: Whether the hidden units of recurrent layers may change places, which
            changes no output of the model, where block-sparse or hybrid matrices lose less by it.
        seed: Of everything drawn at random.
        verbose: Whether to show a progress bar for each long loop.
        track: Wraps long loops in a progress bar of one's own: `track(items, what)` gives the
            items one after the other.

    Returns:
        `(small, report)`.

    Raises:
        ValueError: If the model cannot be copied or has weights that are not finite, a pattern
            means no matrix, the budget is below what is possible, or nothing can be changed.

    Example:
    >>> small, report = compress(model, structures.LowRank(compression=10))
    >>> small, report = compress(model, "auto", budget="1 MB", calibration=x[:100])
    """
    _check(model, method, calibration, gate_layout)
    limit = None if budget is None else Budget.parse(budget)
    bars = progress_bars() if verbose and track is None else contextlib.nullcontext(track)
    with _seeded(seed), bars as shown:
        compressor = _compressor(
            model,
            select(model, what, include, exclude),
            lambda reordered: select(reordered, what, include, exclude),
            reorder_units=reorder_units,
            method=method,
            gate_layout=gate_layout,
            calibration=calibration,
            frequencies=frequencies,
            what=what,
            track=shown or untracked,
        )
        if limit is None and max_loss is None:
            return compressor.build(_single(compressor))
        tries_units = isinstance(what, str) and what == "auto" and include is exclude is None
        return search_budget(compressor, limit, max_loss, validation, tries_units)


def _check(model, method, calibration, gate_layout) -> None:
    if not isinstance(model, keras.Model):
        raise ValueError(f"Expected a keras.Model, received {type(model).__name__}.")
    if not model.built:
        raise ValueError(
            f"Expected a built model, received `{model.name}`, which has no weights yet. Call it "
            "on data or start it with keras.Input(...)."
        )
    if method not in METHODS:
        raise ValueError(f"Expected `method` to be one of {METHODS}, received {method!r}.")
    if method == "semi_nmf" and calibration is not None:
        raise ValueError(
            'method="semi_nmf" fits the matrices themselves, and takes no `calibration`.'
        )
    if gate_layout not in ("per_gate", "stacked"):
        raise ValueError(
            f'Expected `gate_layout` "per_gate" or "stacked", received {gate_layout!r}.'
        )
    check_finite(model)


@contextlib.contextmanager
def _seeded(seed: int):
    """New layers draw seeds: the same each time, and without disturbing those of the caller."""
    state = random.getstate()  # where Keras draws its seeds
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def _compressor(
    model: keras.Model,
    selected: tuple[Selection, dict[str, str]],
    select_again: Callable,
    *,
    reorder_units: bool,
    calibration: Any,
    frequencies: Any,
    what: Any,
    **arguments: Any,
) -> Compressor:
    """What compresses the model, or a copy of it with its units in a better order."""
    # Read once: a generator gives its batches once.
    examples = None if calibration is None else model_batches(model, calibration)
    reordered, notes = with_better_order(model, selected[0]) if reorder_units else (model, ())
    selection, skipped = selected if reordered is model else select_again(reordered)
    matrices = [matrix for matrix, _ in selection.values()]
    moments = with_frequencies(_moments(reordered, selection, examples), matrices, frequencies)
    return Compressor(
        model=reordered,
        original=model,
        selection=with_bands(selection, moments, automatic(selection, what)),
        skipped=skipped,
        examples=examples,
        moments=moments,
        notes=notes,
        **arguments,
    )


def _moments(
    model: keras.Model, selection: Selection, examples: list[Any] | None
) -> dict[tuple[str, str], SecondMoments]:
    if examples is None:
        return {}
    owners = {m.owner.path: (m.owner, m.caller) for m, _ in selection.values()}
    for path, layer, caller in single_layers(model):  # what tables look up tells of output layers
        if EmbeddingOwner.fits(layer):
            owners.setdefault(path, (EmbeddingOwner(layer, path), caller))
    found = collect_second_moments(model, list(owners.values()), examples)
    if not found:
        raise ValueError("`calibration` holds no inputs. Expected at least one.")
    return found


def _single(compressor: Compressor) -> dict[str, Structure]:
    """The structure of each matrix, where exactly one is given; the impossible ones are skipped."""
    specs = {}
    for name, (matrix, candidates) in compressor.selection.items():
        if len(candidates) > 1:
            raise ValueError(
                'Several structures to choose from (a list, or "auto") need a `budget` or '
                "`max_loss`. Give one of these, or one structure."
            )
        built = matrix.build(candidates[0], compressor.gate_layout)
        if isinstance(built, str):
            compressor.skipped[name] = built
        else:
            specs[name] = candidates[0]
    return specs
