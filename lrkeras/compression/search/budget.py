"""What a compressed model may cost."""

import dataclasses
import re

_BYTES = {"B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_COUNTS = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}
DTYPES = ("float32", "float16", "int8", "int4")
_TEXT = re.compile(
    r"\s*(?P<number>\d+(?:\.\d+)?(?:e\d+)?)\s*(?P<unit>[a-zA-Zµμ]*)\s*(?P<rest>[a-z0-9]*)\s*"
)


@dataclasses.dataclass(frozen=True)
class Budget:
    """A limit on a model.

    Attributes:
        kind: `"bytes"` (weights and the indices of sparse ones), `"params"` (numbers stored),
            `"ratio"` (of the parameters of the model as it was) or `"us"` (microseconds of one
            step of the converted model on this machine).
        amount: The limit.
        dtype: What the weights are stored in, for bytes and microseconds.
    """

    kind: str
    amount: float
    dtype: str = "float32"

    @classmethod
    def parse(cls, text) -> "Budget":
        """Reads `"2 MB"`, `"1.4 MB int8"`, `"25x"`, `"1.5M params"` or `"80 us"`.

        Raises:
            ValueError: If it is none of these, or not above zero.
        """
        if isinstance(text, cls):
            return text
        found = _TEXT.fullmatch(text) if isinstance(text, str) else None
        budget = None if found is None else cls._read(*found.group("number", "unit", "rest"))
        if budget is None or budget.amount <= 0:
            raise ValueError(
                'Expected a budget such as "2 MB", "1.4 MB int8", "25x", "1.5M params" or "80 us", '
                f"received {text!r}."
            )
        if budget.kind == "ratio" and budget.amount <= 1:
            raise ValueError(f'Expected a ratio above 1, such as "25x", received {text!r}.')
        return budget

    @classmethod
    def _read(cls, number, unit, rest):
        amount = float(number)
        if unit.upper() in _BYTES and (rest in DTYPES or not rest):
            return cls("bytes", amount * _BYTES[unit.upper()], rest or "float32")
        if unit in ("us", "µs", "μs", "ms") and (rest in DTYPES or not rest):
            return cls("us", amount * (1000 if unit == "ms" else 1), rest or "float32")
        if unit in ("x", "X") and not rest:
            return cls("ratio", amount)
        if rest == "params" and unit.upper() in _COUNTS:
            return cls("params", amount * _COUNTS[unit.upper()])
        if unit == "params" and not rest:
            return cls("params", amount)
        return None

    def __str__(self) -> str:
        """The limit in words."""
        amount = f"{self.amount:,.6g}"
        return {
            "bytes": f"{amount} bytes of {self.dtype} weights",
            "params": f"{amount} parameters",
            "ratio": f"{amount} times fewer parameters",
            "us": f"{amount} us a step with {self.dtype} weights",
        }[self.kind]
