"""Weight matrices as objects: dense, low-rank, hybrid, Kronecker, Monarch, Toeplitz-like, sparse.

Every structure has `build((inputs, outputs))`, `matmul(x)`, `to_dense()`, `from_dense(w)`,
`num_params`, `num_bytes(dtype)`, `macs` and `get_config()`; `A + B` is a structure.

`structure.py` is the file to read first: what every structure has, and what a new one must write;
then `low_rank.py`, the simplest one. One file for each structure; `sum.py` and `concatenated.py`
are made of others (`composite.py`). `find.py` looks for structures in a model, `sparse_pool.py`
prunes sparse parts together, `stored_size.py` counts what a layer or model stores;
`factor_initializer.py`, `settled_size.py`, `weighted_fit.py`, `semi_nmf.py` and `truncated_svd.py`
are what several structures compute with.
"""

import difflib

import keras

from lrkeras.structures.concatenated import Concatenated
from lrkeras.structures.dense import Dense
from lrkeras.structures.find import find_structures, outermost
from lrkeras.structures.frequency_bands import FrequencyBands
from lrkeras.structures.hybrid import Hybrid
from lrkeras.structures.kronecker import Kronecker, factor_shapes
from lrkeras.structures.low_rank import LowRank
from lrkeras.structures.monarch import Monarch
from lrkeras.structures.shared_low_rank import SharedLowRank, group_scope
from lrkeras.structures.sparse import Sparse
from lrkeras.structures.sparse_pool import pruned_together
from lrkeras.structures.structure import Structure
from lrkeras.structures.sum import Sum
from lrkeras.structures.toeplitz_like import ToeplitzLike

NAMES = {
    "dense": Dense,
    "low_rank": LowRank,
    "hybrid": Hybrid,
    "kronecker": Kronecker,
    "monarch": Monarch,
    "toeplitz_like": ToeplitzLike,
    "sparse": Sparse,
    "shared_low_rank": SharedLowRank,
    "frequency_bands": FrequencyBands,
}
"""The structures by the names that layers and `get` take."""

__all__ = [
    "NAMES",
    "Concatenated",
    "Dense",
    "FrequencyBands",
    "Hybrid",
    "Kronecker",
    "LowRank",
    "Monarch",
    "SharedLowRank",
    "Sparse",
    "Structure",
    "Sum",
    "ToeplitzLike",
    "describe",
    "doped",
    "factor_shapes",
    "find_structures",
    "get",
    "group_scope",
    "outermost",
    "pruned_together",
]


def get(identifier, **arguments):
    """A structure from a structure, its config, or a name, as `keras.initializers.get` does.

    Args:
        identifier: `None`, a `Structure` (returned as it is), a serialised one, a class, a name
            from `NAMES`, or `"doped_"` and a name.
        **arguments: Arguments of the structure, where `identifier` is a name or a class.

    Raises:
        ValueError: If there is no such structure; the message names the nearest. If there are
            arguments beside what already has its own.
    """
    if arguments and not isinstance(identifier, (str, type)):
        raise ValueError(
            f"Arguments of a structure go with a name or a class. Received: {identifier!r} with "
            f"{', '.join(f'{name}={value!r}' for name, value in arguments.items())}"
        )
    if identifier is None or isinstance(identifier, Structure):
        return identifier
    if isinstance(identifier, dict):
        identifier = keras.saving.deserialize_keras_object(identifier)
        if isinstance(identifier, Structure):
            return identifier
    if isinstance(identifier, type) and issubclass(identifier, Structure):
        return identifier(**arguments)
    if isinstance(identifier, str):
        if identifier in NAMES:
            return NAMES[identifier](**arguments)
        base = identifier.removeprefix("doped_")
        if base != identifier and base in NAMES:
            return doped(base, **(arguments or {"density": 0.05}))
    names = [*NAMES, *(f"doped_{name}" for name in NAMES)]
    near = difflib.get_close_matches(str(identifier), names, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise ValueError(
        f"Unknown structure: {identifier!r}.{hint} Expected a Structure or one of {sorted(NAMES)}, "
        'or "doped_" and one of them.'
    )


def describe(structure):
    """Names a structure by its parts, such as `"4 x (Kronecker + Sparse)"`."""
    return structure.describe()


def doped(base, density=None, compression=None, block=None, pooled=False):
    """`base + Sparse(...)`: a structured matrix with a few entries of its own.

    Thakker et al. 2021 (arXiv 2102.07071). Train it with `callbacks.SparsityAnnealing`. The paper
    adds `callbacks.CoMatrixDropout`. It cost quality in each of the pairs of runs with and without
    it that are in `docs/results/data/papers_runs.jsonl`: rates of 0.1 to 0.5, three language
    models, doped Kronecker matrices alone, plain SGD, most pairs with one seed.

    Args:
        base: A structure or its name.
        density: Fraction of the entries that the sparse part keeps, or
        compression: how many times smaller than dense the sum shall be (non-zeros and biases
            counted, as the paper does; `num_bytes` tells the size with indices).
        block: Pattern of the sparse part; see `Sparse`. Inputs that `block` does not divide are
            padded.
        pooled: Whether all sparse parts of a model share one number of entries; see `Sparse`.
    """
    base = get(base)
    if base is None:
        raise ValueError("`doped` needs a structure to dope. Received: base=None")
    if (density is None) == (compression is None):
        raise ValueError(
            "`doped` takes either `density` or `compression`. "
            f"Received: density={density}, compression={compression}"
        )
    padding = "valid" if block is None else "same"
    return base + Sparse(
        density=density, compression=compression, block=block, padding=padding, pooled=pooled
    )
