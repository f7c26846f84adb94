"""The names of the papers' rows, taken apart."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Any

_DOPABLE = ("kronecker", "monarch", "low_rank", "hybrid")
METHODS = (
    *(f"doped_{name}" for name in _DOPABLE),
    *_DOPABLE,
    "pruned",
    "small_dense",
    "units",
    "semi_nmf",
    "svd",
)
FEWER_EPOCHS = r"e(\d+)"
_FLOAT32 = "float32"
_RATE = r"rate(\d+(?:\.\d+)?)"
# Co-matrix dropout of doped rows that say nothing of it.
_DEFAULT_DROPOUT = 0.2

_OPTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    r"(\d+(?:\.\d+)?)x": lambda ratio: {"compression": float(ratio)},
    r"(\d+)terms": lambda count: {"terms": int(count)},
    r"r(\d+)": lambda rank: {"rank": int(rank)},
    r"1x(\d+)": lambda width: {"block": (1, int(width))},
    r"dropout(\d(?:\.\d+)?)": lambda rate: {"co_matrix_dropout": float(rate)},
    r"dropout(\d(?:\.\d+)?)until(\d(?:\.\d+)?)": lambda rate, sparsity: {
        "co_matrix_dropout": float(rate),
        "co_matrix_dropout_until": float(sparsity),
    },
    r"iodropout(\d\.\d+)": lambda rate: {"dropout": (float(rate),) * 3},
    r"hold(\d+)": lambda epochs: {"constant_epochs": int(epochs)},
    r"decay(\d\.\d+)": lambda factor: {"decay": float(factor)},
    r"power(\d+(?:\.\d+)?)": lambda power: {"anneal_power": float(power)},
    r"window(\d+)to(\d+)": lambda a, b: {"anneal": (int(a) / 100, int(b) / 100)},
    _RATE: lambda factor: {"learning_rate": float(factor)},
    FEWER_EPOCHS: lambda count: {"epochs": int(count)},
    r"element_bytes": lambda: {"counted": "element_bytes"},
    r"bytes": lambda: {"counted": "bytes"},
    r"input": lambda: {"where": "input"},
    r"recurrent": lambda: {"where": "recurrent"},
    r"stacked": lambda: {"where": "stacked"},
    r"pooled": lambda: {"pooled": True},
    r"taught(\d\.\d+)": lambda share: {"teacher_weight": float(share)},
    r"started": lambda: {"is_started": True},
    r"reordered": lambda: {"is_started": True, "is_reordered": True},
    _FLOAT32: lambda: {"precision": "float32", "output_precision": "float32"},
}


@dataclasses.dataclass(frozen=True)
class RowName:
    """The parts of a row's name: a base, a method and options, joined by `_`.

    Attributes:
        base: the name of the run that it changes.
        method: how its matrices are made, or None.
        changes: what else it changes, by the name of the config's field. `learning_rate` is what
            the base's is multiplied by.
    """

    base: str
    method: str | None
    changes: dict[str, Any]

    @classmethod
    def read(cls, name: str, bases: Iterable[str], methods: Iterable[str] = METHODS) -> RowName:
        """Takes a name apart.

        Args:
            name: the name of a row.
            bases: the names that it may begin with.
            methods: the methods that it may have.

        Raises:
            ValueError: it begins with none of the bases, goes on with something unknown, or pools
                what has no sparse parts.
        """
        bases = sorted(bases, key=len, reverse=True)
        base = next((b for b in bases if _begins(name, b)), None)
        if base is None:
            raise ValueError(
                f"Expected a name that begins with one of {sorted(bases)}; got {name!r}."
            )
        rest = name[len(base) :].lstrip("_")
        method = next((m for m in methods if _begins(rest, m)), None)
        options = rest[len(method or "") :].lstrip("_")
        changes = _options(options, name, methods)
        if "pooled" in changes and not (method or "").startswith(("doped_", "pruned")):
            raise ValueError(
                f"Expected pooled with sparse parts (pruned, doped_...) in {name!r}; received "
                f"{method or 'no method'!r}. Leave it out."
            )
        if method is None:
            return cls(base, None, changes)
        changes["method"] = method
        if method.startswith("doped_"):
            changes.setdefault("co_matrix_dropout", _DEFAULT_DROPOUT)
        return cls(base, method, changes)


def _begins(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}_")


def _options(rest: str, name: str, methods: Iterable[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    words = rest.replace("element_bytes", "element-bytes").split("_") if rest else []
    for word in (w.replace("-", "_") for w in words):
        for pattern, change in reversed(_OPTIONS.items()):
            match = re.fullmatch(pattern, word)
            if match:
                changes |= change(*match.groups())
                break
        else:
            raise ValueError(
                f"Expected a method of {', '.join(methods)} and options such as 25x, 1x16, "
                f"dropout0.3 or e6 in {name!r}; received {word!r}."
            )
    return changes
