"""The structures of recurrent matrices, by what the name of a row says."""

from __future__ import annotations

import math

from lrkeras import structures
from lrkeras.tasks.papers.matrix_config import MatrixConfig

# Half of what a doped low-rank or hybrid matrix stores is the structured part.
_BASE_SHARE = 2


def largest_rank(shape: tuple[int, int]) -> int:
    """The largest rank at which two factors have no more numbers than the matrix."""
    return math.floor(shape[0] * shape[1] / sum(shape))


def structure_of(config: MatrixConfig, shape: tuple[int, int]) -> structures.Structure:
    """The structure of one matrix.

    Raises:
        ValueError: a matrix of this shape cannot have it.
    """
    method, rank = config.method, config.rank
    if method in ("svd", "semi_nmf"):
        largest = largest_rank(shape)
        if rank is None or not 0 < rank <= largest:
            raise ValueError(
                f"Expected a rank from 1 to {largest}, below which two factors are smaller than a "
                f"matrix of {shape[0]} inputs x {shape[1]} outputs; received {rank}. Choose "
                "another row, or a wider model."
            )
        return structures.LowRank(rank=rank)
    if method == "pruned" and rank is not None:
        return structures.Sparse(density=min(1.0, rank * sum(shape) / (shape[0] * shape[1])))
    if method == "pruned":
        return _sparse(config, shape, 0)
    base = _base(config, shape)
    if not config.is_doped:
        return base
    measured = base.copy()
    measured.build(shape, shape[1])
    # Its size as a number: what else is stored beside it must not change it.
    kept = {measured.size_argument: getattr(measured, measured.size_argument), "compression": None}
    if isinstance(measured, structures.Monarch):
        kept["blocks"] = measured.blocks
    return base.copy(**kept) + _sparse(config, shape, measured.num_params)


def _base(config: MatrixConfig, shape: tuple[int, int]) -> structures.Structure:
    kind = config.method.removeprefix("doped_")
    if kind == "kronecker":
        if config.compression is not None and not config.is_doped:
            return structures.Kronecker(compression=config.compression)
        return structures.Kronecker(terms=config.terms)
    share = _BASE_SHARE if config.is_doped else 1
    if config.compression is None:
        if kind == "monarch":
            return structures.Monarch()
        raise ValueError(f"Expected a compression for {config.method!r}; received None.")
    return structures.get(kind, compression=config.compression * share)


def _sparse(config: MatrixConfig, shape: tuple[int, int], beside: int) -> structures.Sparse:
    """A sparse part that fills what `beside` numbers and the biases leave of the size."""
    if config.compression is None:
        raise ValueError(f"Expected a compression for {config.method!r}; received None.")
    inputs, outputs = shape
    biases = outputs
    blocks = _blocks(config, shape, beside + biases, biases)
    rows, columns = config.block or (1, 1)
    total = math.ceil(inputs / columns) * (outputs // rows)
    if blocks < 1:
        raise ValueError(
            f"{config.compression:g}x leaves no room for a sparse part beside {beside} numbers in "
            f"a matrix of {inputs} inputs x {outputs} outputs. Ask for less compression."
        )
    padding = "valid" if config.block is None else "same"
    return structures.Sparse(
        density=min(1.0, blocks / total),
        block=config.block,
        padding=padding,
        pooled=config.pooled,
    )


def _blocks(config: MatrixConfig, shape: tuple[int, int], beside: int, biases: int) -> int:
    """How many blocks fit, the numbers stored `beside` them counted."""
    inputs, outputs = shape
    rows, columns = config.block or (1, 1)
    dense = inputs * outputs + biases
    numbers = dense / float(config.compression or 1) - beside
    if config.counted == "values":
        return math.floor(numbers / (rows * columns))
    if config.counted == "bytes":
        budget = 4 * numbers
    else:
        elements = math.floor(numbers)
        budget = 4 * elements + index_bytes(shape, (1, 1), elements)
    # Offsets get wider as blocks get more: the largest number that fits.
    low, high = 0, math.ceil(inputs / columns) * (outputs // rows)
    while low < high:
        middle = (low + high + 1) // 2
        if 4 * rows * columns * middle + index_bytes(shape, (rows, columns), middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return low


def index_bytes(shape: tuple[int, int], block: tuple[int, int], count: int) -> int:
    """Bytes of the positions of `count` blocks, in compressed rows."""
    rows, columns = block
    grid_rows, grid_columns = shape[1] // rows, math.ceil(shape[0] / columns)
    return count * _width(grid_columns - 1) + (grid_rows + 1) * _width(count)


def _width(largest: int) -> int:
    return 1 if largest < 2**8 else 2 if largest < 2**16 else 4
