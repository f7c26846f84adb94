"""What one file may cost."""

import dataclasses
import itertools
from collections.abc import Sequence

from lrkeras.compression.search.budget import Budget


@dataclasses.dataclass(frozen=True)
class FileBudget:
    """Limits of one file.

    Attributes:
        bytes: Size of the file, or None.
        us: Microseconds of one call of its first signature on this machine (of a step, or of a
            whole sequence), or None.
    """

    bytes: float | None = None
    us: float | None = None

    @classmethod
    def read(cls, budgets: Sequence[str] | str) -> list["FileBudget"]:
        """The budgets that sizes and times make together: each size with each time.

        Args:
            budgets: Such as `("1 MB", "100 us")`, one budget of both, or `("1 MB", "500 KB")`, two
                budgets.

        Raises:
            ValueError: If there is none, or one is no size of a file and no time.
        """
        texts = [budgets] if isinstance(budgets, str) else list(budgets)
        limits = [Budget.parse(text) for text in texts]
        for text, limit in zip(texts, limits, strict=True):
            if limit.kind not in ("bytes", "us") or limit.dtype != "float32":
                raise ValueError(
                    'Expected budgets of a file, such as "1 MB" or "100 us", received '
                    f"{text!r}. How weights are stored is among the things that are tried."
                )
        if not limits:
            raise ValueError('Expected at least one budget, such as "1 MB"; received none.')
        sizes = dict.fromkeys(limit.amount for limit in limits if limit.kind == "bytes")
        times = dict.fromkeys(limit.amount for limit in limits if limit.kind == "us")
        pairs = itertools.product(sizes or [None], times or [None])
        return [cls(size, time) for size, time in pairs]

    def holds(self, file_bytes: int, us: float) -> bool:
        """Whether a file is within the limits."""
        small = self.bytes is None or file_bytes <= self.bytes
        return small and (self.us is None or us <= self.us)

    def __str__(self) -> str:
        size = None if self.bytes is None else _size(self.bytes)
        time = None if self.us is None else f"{self.us:g} us"
        return ", ".join(filter(None, (size, time)))


def _size(count: float) -> str:
    for unit, factor in (("MB", 1e6), ("KB", 1e3)):
        if count >= factor:
            return f"{count / factor:g} {unit}"
    return f"{count:g} B"
