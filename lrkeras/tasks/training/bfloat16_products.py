"""Products in bfloat16 on processors, for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras

from lrkeras.system.optional_imports import require

_OPTION = "auto_mixed_precision_onednn_bfloat16"


@contextlib.contextmanager
def bfloat16_products(wanted: bool) -> Iterator[None]:
    """Lets TensorFlow's graphs that first run inside it multiply in bfloat16.

    Weights and the sums of products stay in float32. Processors without instructions for it (AMX
    or AVX512-BF16) compute in float32 as before, as do other backends.

    Args:
        wanted: whether to.
    """
    if not wanted or keras.backend.backend() != "tensorflow":
        yield
        return
    optimizer = require("tensorflow").config.optimizer
    before = optimizer.get_experimental_options().get(_OPTION, False)
    optimizer.set_experimental_options({_OPTION: True})
    try:
        yield
    finally:
        optimizer.set_experimental_options({_OPTION: before})
