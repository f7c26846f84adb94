"""Constants of which a file holds only the blocks that are not zero."""

import numpy as np

from lrkeras.export.model_file import ModelFile, Quantisation


def store_sparse(
    file: ModelFile,
    tensor: int,
    shape: tuple[int, int],
    values: np.ndarray,
    segments: np.ndarray,
    indices: np.ndarray,
    quantisation: Quantisation | None = None,
) -> None:
    """Makes a tensor a sparse constant, in blocks of one row.

    Args:
        file: The model, edited in place.
        tensor: The tensor of its present graph.
        shape: (rows, columns).
        values: (blocks, width): the stored blocks, row by row, from left to right.
        segments: (rows + 1,): row `r` owns the blocks `segments[r]:segments[r + 1]`.
        indices: (blocks,): column of each block, in units of its width.
        quantisation: Of integer values.
    """
    rows, columns = shape
    width = values.shape[1]
    file.set_constant(tensor, values.reshape(-1), quantisation)
    described = file.graph.tensors[tensor]
    described.shape = np.array([rows, columns], np.int32)
    schema = file.schema
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
