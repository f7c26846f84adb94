"""Constants of which a file holds only the blocks that are not zero."""

import dataclasses

import numpy as np

from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.quantisation import Quantisation

BLOCK = 16
MAX_COLUMN_BLOCKS = 255


@dataclasses.dataclass(frozen=True)
class BlockSparseFilter:
    """A weight matrix (outputs, columns) as int8 blocks of one row by sixteen columns.

    This is what the runtime's built-in sparse FULLY_CONNECTED kernel reads. Quantisation is
    symmetric: `weight = values * scale`.

    Attributes:
        shape: (outputs, columns); columns is a multiple of 16.
        values: int8, (blocks, 16): the stored blocks, row by row, from left to right.
        segments: int32, (outputs + 1,): row `r` owns the blocks `segments[r]:segments[r + 1]`.
        indices: int32, (blocks,): column of each block, in units of 16 columns.
        scale: float32, (outputs,) when quantised per channel, else (1,).
    """

    shape: tuple[int, int]
    values: np.ndarray
    segments: np.ndarray
    indices: np.ndarray
    scale: np.ndarray

    @classmethod
    def from_dense(cls, weight: np.ndarray, per_channel: bool = True) -> "BlockSparseFilter":
        """Quantises a matrix and keeps the blocks that are not zero.

        Args:
            weight: float, (outputs, columns), zeros where nothing is stored.
            per_channel: One scale for each output, else one for the whole matrix.

        Raises:
            ValueError: If the columns are no multiple of 16, or more than 255 blocks wide: the
                runtime keeps a block's column in one byte.
        """
        outputs, columns = weight.shape
        if columns % BLOCK:
            raise ValueError(
                f"Expected a number of columns that is a multiple of {BLOCK}, received {columns}. "
                "Pad the matrix with zero columns."
            )
        width = columns // BLOCK
        if width > MAX_COLUMN_BLOCKS:
            raise ValueError(
                f"Expected at most {MAX_COLUMN_BLOCKS} blocks of {BLOCK} columns in a row "
                f"({MAX_COLUMN_BLOCKS * BLOCK} columns), received {width}: the runtime keeps a "
                "block's column in one byte. Use fewer inputs and units, or another structure."
            )
        quantised, quantisation = Quantisation.of_int8(weight, axis=0 if per_channel else None)
        blocks = quantised.reshape(outputs, width, BLOCK)
        kept = blocks.any(axis=2)
        segments = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
        return cls(
            shape=(outputs, columns),
            values=blocks[kept],
            segments=segments,
            indices=np.nonzero(kept)[1].astype(np.int32),
            scale=quantisation.scale,
        )

    @property
    def num_blocks(self) -> int:
        """Number of stored blocks."""
        return len(self.indices)

    @property
    def block_density(self) -> float:
        """Stored blocks over all blocks, from 0 to 1."""
        return self.num_blocks * BLOCK / (self.shape[0] * self.shape[1])

    def to_dense(self) -> np.ndarray:
        """Returns the dequantised matrix, float32, (outputs, columns)."""
        outputs, columns = self.shape
        rows = np.repeat(np.arange(outputs), np.diff(self.segments))
        dense = np.zeros((outputs, columns // BLOCK, BLOCK), np.float32)
        dense[rows, self.indices] = self.values
        return dense.reshape(outputs, columns) * self.scale[:, None]


def block_density(weight: np.ndarray) -> float:
    """Share of the 1x16 blocks of `weight` (outputs, columns) that hold a non-zero, from 0 to 1."""
    padded = np.pad(weight, ((0, 0), (0, -weight.shape[1] % BLOCK)))
    return float(padded.reshape(len(weight), -1, BLOCK).any(axis=2).mean())


def store_sparse(
    graph: Graph,
    tensor: int,
    shape: tuple[int, int],
    values: np.ndarray,
    segments: np.ndarray,
    indices: np.ndarray,
    quantisation: Quantisation | None = None,
) -> None:
    """Makes a tensor a sparse constant, in blocks of one row.

    Args:
        graph: The graph, edited in place.
        tensor: One of its tensors.
        shape: (rows, columns).
        values: (blocks, width): the stored blocks, row by row, from left to right.
        segments: (rows + 1,): row `r` owns the blocks `segments[r]:segments[r + 1]`.
        indices: (blocks,): column of each block, in units of its width.
        quantisation: Of integer values.
    """
    rows, columns = shape
    width = values.shape[1]
    graph.set_constant(tensor, values.reshape(-1), quantisation)
    described = graph.tensors[tensor]
    described.shape = np.array([rows, columns], np.int32)
    schema = graph.file.schema
    sparsity = schema.SparsityParametersT()
    row, block, inner = (schema.DimensionMetadataT() for _ in range(3))
    row.format, row.denseSize = schema.DimensionType.DENSE, rows
    block.format = schema.DimensionType.SPARSE_CSR
    block.arraySegments = schema.Int32VectorT()
    block.arraySegments.values = segments.astype(np.int32)
    block.arraySegmentsType = schema.SparseIndexVector.Int32Vector
    narrow = columns // width <= 256
    kind = "Uint8Vector" if narrow else "Uint16Vector"
    block.arrayIndices = getattr(schema, f"{kind}T")()
    block.arrayIndices.values = indices.astype(np.uint8 if narrow else np.uint16)
    block.arrayIndicesType = getattr(schema.SparseIndexVector, kind)
    # Rows, then blocks of columns, then the columns inside a block.
    sparsity.traversalOrder = np.arange(2 if width == 1 else 3, dtype=np.int32)
    sparsity.dimMetadata = [row, block]
    if width > 1:
        sparsity.blockMap = np.array([1], np.int32)
        inner.format, inner.denseSize = schema.DimensionType.DENSE, width
        sparsity.dimMetadata.append(inner)
    described.sparsity = sparsity
