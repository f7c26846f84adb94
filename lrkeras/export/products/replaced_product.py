"""Giving a structure another product for a while."""

import contextlib
from collections.abc import Iterator
from typing import Any

from lrkeras.structures import Structure

_OVERRIDDEN = ("matmul", "matmul_transpose", "rows")


@contextlib.contextmanager
def replaced_product(structure: Structure, by: Any) -> Iterator[None]:
    """While it lasts, the structure has the products of `by`, or `by` is its `matmul`.

    Args:
        structure: A built structure.
        by: An object with some of `matmul(x)`, `matmul_transpose(y)` and `rows(ids)`, or a
            function that is called as `matmul`.
    """
    methods = {name: getattr(by, name) for name in _OVERRIDDEN if hasattr(by, name)}
    if not methods:
        methods = {"matmul": by}
    own = structure.__dict__
    before = dict(own)
    for name, method in methods.items():
        # Beside Keras's bookkeeping, which takes what is set on a layer for a part of it.
        own[name] = lambda x, training=False, method=method: method(x)
    try:
        yield
    finally:
        for name in methods:
            if name in before:
                own[name] = before[name]
            else:
                del own[name]
