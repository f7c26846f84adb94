"""What products with one vector cost, by the form of the matrix.

Fitted to times on one thread of an AMD EPYC (AVX-512, 1 MB of second-level cache a core) with
ai-edge-litert 2.3. `tools/benchmarks/bench_products.py` measures again and prints both.
"""

import dataclasses

import numpy as np

from lrkeras.export.quantization import Quantization

# A call, a few elementwise steps and the states of a layer take about as long.
_FREE_US = 4.0


@dataclasses.dataclass(frozen=True)
class ProductForm:
    """A form, and what it is estimated to cost.

    Attributes:
        name: What it is, such as `"int8 1x16 blocks"`.
        us: Microseconds of a product with one vector, on one thread of the machine that
            `product_costs` was measured on: for comparing forms, not for predicting phones.
        bytes: Bytes in the file, with indices.
    """

    name: str
    us: float
    bytes: int

    @property
    def score(self) -> float:
        """Cost used to rank forms; lower is better.

        A form may take twice as long if it is four times smaller. Below some microseconds, which
        every layer costs anyway, only the size counts.
        """
        return max(self.us, _FREE_US) * self.bytes**0.5

    def __str__(self) -> str:
        return f"{self.name}: {self.us:.3g} us, {self.bytes:,} bytes"


DENSE, FACTORS, TRANSFORMS = "dense matrix", "factor by factor", "small Fourier transforms"
# Rows of a block, its weights, and bytes of a weight.
INT8_BLOCKS, FLOAT_BLOCKS, FLOAT_WEIGHTS = "int8 1x16 blocks", "float 1x4 blocks", "float weights"
BLOCK_WIDTHS = {INT8_BLOCKS: 16, FLOAT_BLOCKS: 4, FLOAT_WEIGHTS: 1}

# Microseconds to start a node.
_NODE = 0.3
# (microseconds for each row, for each stored block)
_SPARSE = {
    INT8_BLOCKS: (2.1e-3, 0.60e-3),
    FLOAT_BLOCKS: (1.0e-3, 0.98e-3),
    FLOAT_WEIGHTS: (1.0e-3, 0.88e-3),
}
# By bits of a weight: bytes read in a microsecond from the cache, and beyond a limit in addition.
_DENSE = {8: (85e3, 8e6, 110e3), 32: (80e3, 16e6, 28e3)}
# Of products with small float matrices: microseconds for each node, multiply-accumulates in one.
_SMALL = {FACTORS: (0.3, 40e3), TRANSFORMS: (0.3, 28e3)}


def dense_form(rows: int, columns: int, quantization: Quantization) -> ProductForm:
    """A dense matrix (rows are outputs), rounded as the file is."""
    rate, limit, slow = _DENSE[quantization.product_bits]
    size = rows * columns * quantization.product_bits / 8
    time = _NODE + size / rate + max(0.0, size - limit) / slow
    # What is formed for a file was not rounded before, and has eight bits at least.
    return ProductForm(DENSE, time, rows * columns * max(quantization.bits, 8) // 8)


def sparse_form(name: str, weight: np.ndarray) -> ProductForm:
    """A sparse matrix (rows, columns) of which the blocks that hold a non-zero are stored."""
    width, (per_row, per_block) = BLOCK_WIDTHS[name], _SPARSE[name]
    rows, columns = weight.shape
    blocks = count_blocks(weight, width)
    index = 1 if -(-columns // width) <= 256 else 2
    size = blocks * ((width if name == INT8_BLOCKS else 4 * width) + index) + 4 * (rows + 1)
    return ProductForm(name, _NODE + rows * per_row + blocks * per_block, size)


def small_form(name: str, macs: int, constants: int, nodes: int) -> ProductForm:
    """Some products with small float matrices, such as factors."""
    per_node, rate = _SMALL[name]
    return ProductForm(name, nodes * per_node + macs / rate, 4 * constants)


def count_blocks(weight: np.ndarray, width: int) -> int:
    """Number of blocks of one row by `width` columns that hold a non-zero."""
    padded = np.pad(weight, ((0, 0), (0, -weight.shape[1] % width)))
    return int(padded.reshape(len(weight), -1, width).any(axis=2).sum())
