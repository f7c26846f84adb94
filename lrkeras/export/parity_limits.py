"""How far a file may be from Keras."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ParityLimits:
    """The largest errors of a file that is written, by the three measures of `ParityError`.

    Attributes:
        relative: Of the error of all values of a tensor together.
        lasting: Of the error that an entry of a tensor has half of the time.
        flips: Of the share of first choices that differ.
    """

    relative: float
    lasting: float
    flips: float
