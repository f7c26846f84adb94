"""How the numbers of a file are rounded."""

import dataclasses
from collections.abc import Callable
from typing import Any

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.parity_limits import ParityLimits
from lrkeras.export.passes.full_int8 import quantize_full_int8
from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.passes.quantize_weights import (
    quantize_float16,
    quantize_int8,
    quantize_tables,
)
from lrkeras.export.tflite.model_file import ModelFile


@dataclasses.dataclass(frozen=True)
class Quantization:
    """A way to round the numbers of a file: all that a conversion needs to know about it.

    Another one is one more object: its passes, and what a file of it may lose.

    Attributes:
        name: As `convert` takes it; None for float32.
        bits: Bits of a large weight in the file.
        product_bits: Bits of a weight as a product reads it, which is what its time depends on.
        limits: How far outputs and states of such a file may be from those of Keras.
        passes: Edits that round a float file, in order; each is called as `a_pass(file, context)`.
        has_sparse_products: Whether products may have filters of which the file holds the blocks
            that are not zero.
        has_int8_blocks: Whether these may be int8 blocks of 1x16, and the gates of a doped LSTM
            one node with them.
        needs_sample: Whether ranges are measured on inputs that the caller gives.
    """

    name: str | None
    bits: int
    limits: ParityLimits
    product_bits: int = 32
    passes: tuple[Callable[[ModelFile, PassContext], None], ...] = ()
    has_sparse_products: bool = True
    has_int8_blocks: bool = False
    needs_sample: bool = False

    @classmethod
    def get(cls, quantize: Any) -> "Quantization":
        """Looks one up by its name; an object is given back.

        Args:
            quantize: `None`, a name such as `"int8"`, or a `Quantization`.

        Raises:
            ConversionError: If the name is not a known one.
        """
        if isinstance(quantize, cls):
            return quantize
        for known in _KNOWN:
            if known.name == quantize:
                return known
        names = [known.name for known in _KNOWN]
        raise ConversionError(f"Expected `quantize` to be one of {names}, received {quantize!r}.")

    def __str__(self) -> str:
        return self.name or "float32"


FLOAT32 = Quantization(None, 32, ParityLimits(relative=1e-4, lasting=1e-4, flips=0.001))
# One rule for all files of rounded weights: a finer one is not refused where a coarser is written.
_ROUNDED = ParityLimits(relative=0.1, lasting=0.2, flips=0.05)

FLOAT16 = Quantization("float16", 16, _ROUNDED, passes=(quantize_float16,))
INT8 = Quantization(
    "int8",
    8,
    _ROUNDED,
    product_bits=8,
    passes=(quantize_int8,),
    has_int8_blocks=True,
)
# The integers are those of the rounded model that it is compared with; what stays is int8.
INT4 = dataclasses.replace(INT8, name="int4", bits=4)
INT8_FULL = Quantization(
    "int8_full",
    8,
    _ROUNDED,
    product_bits=8,
    passes=(quantize_full_int8, quantize_tables),
    # A filter of which the file holds some blocks has no int8 kernel for int8 inputs.
    has_sparse_products=False,
    needs_sample=True,
)
_KNOWN = (FLOAT32, FLOAT16, INT8, INT4, INT8_FULL)
