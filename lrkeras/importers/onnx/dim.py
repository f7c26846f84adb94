"""Sizes that a file leaves open, and what is computed from them."""

from __future__ import annotations

from typing import Any


class Dim:
    """An integer polynomial of open sizes, such as `2*T - 1`.

    Sums, differences and products of sizes are exact, so two of them can be compared; what is no
    polynomial, such as half of an odd size, is an open size of its own.

    Args:
        terms: Coefficient of each product of symbols.
    """

    def __init__(self, terms: dict[tuple[str, ...], int]):
        self.terms = {key: value for key, value in terms.items() if value}

    @staticmethod
    def of(name: str) -> Dim:
        """An open size."""
        return Dim({(name,): 1})

    def __add__(self, other: Any) -> Any:
        terms = dict(self.terms)
        for key, value in _terms(other).items():
            terms[key] = terms.get(key, 0) + value
        return _simple(terms)

    def __mul__(self, other: Any) -> Any:
        terms: dict[tuple[str, ...], int] = {}
        for a, x in self.terms.items():
            for b, y in _terms(other).items():
                key = tuple(sorted(a + b))
                terms[key] = terms.get(key, 0) + x * y
        return _simple(terms)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + other * -1

    def __rsub__(self, other: Any) -> Any:
        return self * -1 + other

    def __floordiv__(self, other: Any) -> Any:
        exact = quotient(self, other)
        return Dim.of(f"({self})//({other})") if exact is None else exact

    __truediv__ = __floordiv__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __repr__(self) -> str:
        words = []
        for key, value in self.terms.items():
            names = "*".join(key)
            words.append(str(value) if not key else names if value == 1 else f"{value}*{names}")
        return " + ".join(words)


Size = int | Dim


def quotient(size: Size, divisor: Size) -> Size | None:
    """`size / divisor` where that is exact for every value of the open sizes, else None."""
    divisors = _terms(divisor)
    if len(divisors) != 1:
        return 1 if size == divisor else None
    ((names, factor),) = divisors.items()
    result = {}
    for key, value in _terms(size).items():
        left = list(key)
        for name in names:
            if name not in left:
                return None
            left.remove(name)
        if value % factor:
            return None
        result[tuple(left)] = value // factor
    return _simple(result)


def product(sizes: Any) -> Any:
    """The product of sizes."""
    result: Any = 1
    for size in sizes:
        result = size * result
    return result


def _terms(value: Any) -> dict[tuple[str, ...], int]:
    return value.terms if isinstance(value, Dim) else {(): int(value)}


def _simple(terms: dict[tuple[str, ...], int]) -> Size:
    dim = Dim(terms)
    if not dim.terms:
        return 0
    return dim.terms[()] if set(dim.terms) == {()} else dim
