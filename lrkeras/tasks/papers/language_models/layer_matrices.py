"""What the recurrent matrices of a layer are, by the config of a run."""

from __future__ import annotations

from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.papers.language_models.dropped_matrix import DroppedMatrix
from lrkeras.tasks.papers.matrices import largest_rank, structure_of

GATES = {"lstm": 4, "rhn": 2}


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
