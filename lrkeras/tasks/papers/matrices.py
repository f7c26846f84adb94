"""The structures of the recurrent matrices of a run."""

from __future__ import annotations

import math

from lrkeras import structures
from lrkeras.tasks.papers.config import PaperConfig
from lrkeras.tasks.papers.dropped_matrix import DroppedMatrix
from lrkeras.tasks.papers.matrix_config import MatrixConfig

GATES = {"lstm": 4, "rhn": 2}
# Half of what a doped low-rank or hybrid matrix stores is the structured part.
_BASE_SHARE = 2


def matrices_of(config: PaperConfig, layer: int) -> dict:
    """The arguments of a recurrent layer that say what its matrices are.

    Args:
        config: the run.
        layer: the number of the layer, from the input on.

    Raises:
        ValueError: a matrix of the layer's size cannot have the structure.
    """
    if config.method in ("dense", "small_dense", "units"):
        dropped = config.cell == "lstm" and config.recurrent_dropout > 0
        kind = DroppedMatrix(config.recurrent_dropout) if dropped else None
        return {"recurrent_structure": kind, "gate_layout": "stacked"} if dropped else {}
    shapes = matrix_shapes(config, layer)
    if config.cell == "rhn":
        # The kernel as well as the matrix of every micro-step, each gate by itself.
        return {
            f"{role}_structure": structure_of(config, shapes[role])
            for role in ("kernel", "recurrent")
        }
    if config.where in ("joint", "stacked"):
        layout = "stacked" if config.where == "stacked" else "per_gate"
        return {"joint_structure": structure_of(config, shapes["joint"]), "gate_layout": layout}
    role = "kernel" if config.where == "input" else "recurrent"
    if config.rank is not None and _stays_dense(config, layer, role):
        return {}
    return {f"{role}_structure": structure_of(config, shapes[role]), "gate_layout": "stacked"}


def _stays_dense(config: PaperConfig, layer: int, role: str) -> bool:
    """Whether two factors of the rank were no smaller than this matrix, but are than another's.

    The last layer of an AWD-LSTM is narrower than the others.
    """
    largest = [
        largest_rank(matrix_shapes(config, number)[role]) for number in range(len(config.units))
    ]
    return largest[layer] < (config.rank or 0) <= max(largest)


def largest_rank(shape: tuple[int, int]) -> int:
    """The largest rank at which two factors have no more numbers than the matrix."""
    return math.floor(shape[0] * shape[1] / sum(shape))


def matrix_shapes(config: PaperConfig, layer: int) -> dict[str, tuple[int, int]]:
    """`(inputs, outputs)` of the matrices of a layer: of one gate, unless all share one."""
    units = config.units[layer]
    inputs = config.units[layer - 1] if layer else config.embedding_dim
    stacked = config.cell == "lstm" and config.where != "joint"
    outputs = units * (GATES[config.cell] if stacked else 1)
    return {
        "kernel": (inputs, outputs),
        "recurrent": (units, outputs),
        "joint": (inputs + units, outputs),
    }


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
    return structures.Sparse(density=min(1.0, blocks / total), block=config.block, padding=padding)


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
