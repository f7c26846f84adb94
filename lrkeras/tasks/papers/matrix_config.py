"""How the recurrent matrices of a row of the papers' tables are made."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class MatrixConfig:
    """The structure of recurrent matrices, their size, and how sparse parts get sparse.

    Attributes:
        method: `"dense"`, `"small_dense"`, `"units"`, `"pruned"`, `"low_rank"`, `"hybrid"`,
            `"kronecker"`, `"monarch"`, the last four with `"doped_"` before them, `"svd"` or
            `"semi_nmf"`.
        where: `"joint"`: one matrix over `[x; h]` for each gate; `"stacked"`: one for the four
            gates; `"input"` or `"recurrent"`: only the matrix of the input or of the state, over
            the four gates.
        compression: how many times fewer numbers the recurrent layers have, biases counted.
        counted: what of a sparse part counts: `"values"`; `"bytes"`, the indices too; or
            `"element_bytes"`, as many bytes as the pattern of single entries would take.
        terms: number of Kronecker products.
        rank: rank of `"svd"`, `"semi_nmf"` or, at the same number of values, of `"pruned"`.
        block: pattern of the sparse part, `(outputs, inputs)`, or None for single entries.
        pooled: whether sparse parts of all gates and layers share one number of entries.
        co_matrix_dropout: rate until the sparsity is at its target, 0 from then on.
        anneal: where the sparsity starts and stops rising, and units start and stop to go, as
            shares of the run.
        anneal_power: exponent of its schedule.
    """

    method: str = "dense"
    where: str = "joint"
    compression: float | None = None
    counted: str = "values"
    terms: int | None = None
    rank: int | None = None
    block: tuple[int, int] | None = None
    pooled: bool = False
    co_matrix_dropout: float = 0.0
    anneal: tuple[float, float] = (0.05, 0.5)
    anneal_power: float = 3

    @property
    def is_doped(self) -> bool:
        """Whether a sparse part is added to a structure."""
        return self.method.startswith("doped_")
