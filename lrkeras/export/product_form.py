"""One way to compute the product with a matrix in a file."""

import dataclasses

# A call, a few elementwise steps and the states of a layer take about as long.
_FREE_US = 4.0


@dataclasses.dataclass(frozen=True)
class ProductForm:
    """A form, and what it is estimated to cost.

    Attributes:
        name: What it is, such as `"int8 1x16 blocks"`.
        us: Microseconds of a product with one vector, on one thread of the machine that
            `product_costs` was measured on: for comparing forms, not for predicting phones.
        bytes: Bytes in the file, with indices.
    """

    name: str
    us: float
    bytes: int

    @property
    def score(self) -> float:
        """What the least of is chosen.

        A form may take twice as long if it is four times smaller. Below some microseconds, which
        every layer costs anyway, only the size counts.
        """
        return max(self.us, _FREE_US) * self.bytes**0.5

    def __str__(self) -> str:
        return f"{self.name}: {self.us:.3g} us, {self.bytes:,} bytes"
