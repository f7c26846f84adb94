"""The rows of a conversion report: what each layer holds and how it is computed."""

import dataclasses
import math
from typing import Any

import keras

from lrkeras.export.products.deployed_products import DeployedProducts
from lrkeras.export.products.doped_lstm import DopedLSTM
from lrkeras.export.products.product_costs import ProductForm
from lrkeras.export.quantization import FLOAT32, Quantization
from lrkeras.export.steps.step_model import StepModel
from lrkeras.layers import LSTM
from lrkeras.structures import Sparse, describe, find_structures, outermost
from lrkeras.structures.stored_size import StoredSize, plain_weights


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


def layer_rows(
    step: StepModel,
    quantization: Quantization = FLOAT32,
    products: DeployedProducts | None = None,
) -> list[LayerReport]:
    """Makes a row for each layer with weights, once each, in the order of the model.

    Args:
        step: The model as it is in the file.
        quantization: How the file is rounded.
        products: The forms of the products that were chosen; None where there is no file.
    """
    rows, seen = [], set()
    for layer in step.layers:
        if id(layer) in seen or not layer.weights:
            continue
        seen.add(id(layer))
        fused = step.lowerings.get(id(layer))
        forms = products.forms.get(id(layer), []) if products is not None else []
        if isinstance(fused, DopedLSTM):
            forms = [DopedLSTM.forms(layer.cell)]
        rows.append(_row(layer, forms, _lowering(layer, fused, forms, quantization)))
    return rows


def _row(layer: keras.layers.Layer, forms: list[list[ProductForm]], lowering: str) -> LayerReport:
    found = outermost(find_structures(layer))
    size, plain = StoredSize.of(layer), plain_weights(layer)
    products = 0 if _looks_up(layer) else sum(math.prod(w.shape) for w in plain if len(w.shape) > 1)
    return LayerReport(
        name=layer.name,
        kind=type(layer).__name__,
        structure=", ".join(dict.fromkeys(describe(s) for s in found)) or "dense",
        params=size.params,
        bytes=size.bytes,
        macs=products + sum(s.macs for s in found),
        lowering=lowering,
        forms=forms,
    )


def _looks_up(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, keras.layers.Embedding)


def _lowering(
    layer: keras.layers.Layer,
    cell_step: Any,
    forms: list[list[ProductForm]],
    quantization: Quantization,
) -> str:
    if isinstance(cell_step, DopedLSTM):
        return "one block-sparse int8 product with fused tanh"
    if forms:
        names = ", ".join(dict.fromkeys(choice[0].name for choice in forms))
        if not find_structures(layer, Sparse):
            return names
        fits = quantization.has_int8_blocks
        reason = fusion_refusal(layer) or _SEVERAL if fits else f"quantize={quantization.name!r}"
        return f"{names} (not fused with the gates: {reason})"
    if _looks_up(layer):
        return "look-up"
    return "factor by factor" if find_structures(layer) else "dense products"


_SEVERAL = "the node adds one vector, and the file has a batch of several"


def fusion_refusal(layer: keras.layers.Layer) -> str | None:
    """Why the sparse part of a layer is not fused, or None if it can be."""
    if not isinstance(layer, LSTM):
        return f"only LSTM cells have the fused form, not {type(layer).__name__}"
    return DopedLSTM.refusal(layer.cell)
