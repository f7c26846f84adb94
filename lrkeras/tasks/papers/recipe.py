"""One kind of rows of `lrkeras train papers/NAME`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What rows of one kind are, and how they are trained.

    Attributes:
        rows: configs by the names of the rows.
        config: the class of these configs, which no other recipe has.
        train: `train(config, out, *, data, start, verbose)`, which returns what is in the
            `result.json` of the row.
    """

    rows: Mapping[str, Any]
    config: type
    train: Callable[..., dict]
