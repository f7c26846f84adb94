"""The operators, a file for each kind; importing this registers them."""

from lrkeras.importers.onnx.operators import (  # noqa: F401
    activations,
    along_axes,
    constants,
    convolutions,
    elementwise,
    normalizations,
    pooling,
    products,
    recurrent,
    reductions,
    scatters,
    selections,
    shapes,
    slices,
)
