"""One layer's row of a conversion report."""

import dataclasses

from lrkeras.export.product_form import ProductForm


@dataclasses.dataclass(frozen=True)
class LayerReport:
    """What became of one layer.

    Attributes:
        name: The layer's name.
        kind: Its class.
        structure: Its structured matrices, such as `"Kronecker+Sparse"`, or `"dense"`.
        params: Numbers stored, with those of the biases, without indices.
        bytes: Bytes of these in float32, with indices, before the file's quantisation.
        macs: Multiply-accumulates of one step.
        lowering: How its products are computed in the file, with the reason where a faster form
            exists that does not apply.
        forms: For each matrix that could be computed in several forms, these with what they were
            estimated to cost, the one in the file first.
    """

    name: str
    kind: str
    structure: str
    params: int
    bytes: int
    macs: int
    lowering: str
    forms: list[list[ProductForm]] = dataclasses.field(default_factory=list)
