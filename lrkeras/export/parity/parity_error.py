"""How far a tensor of a file is from Keras."""

import dataclasses
from typing import Any

import numpy as np

from lrkeras.export.parity_limits import ParityLimits

# Two choices whose values differ by less than this share of the usual distance between the largest
# and the smallest value of an output are as good as each other.
_TIE = 0.02

_OF_SINGLE_STEPS = 10


@dataclasses.dataclass(frozen=True)
class ParityError:
    """What one output or state of a file was in one run, held against Keras.

    Attributes:
        tensor: Name of the output or the state.
        signature: The signature that was run.
        run: The run, such as `"2 threads, XNNPACK"`.
        rows: Number of results compared: time steps, or windows where there is one for each.
        relative: Norm of the error over the norm of Keras's values, of all results together.
        lasting: The median over all results of the error of an entry, of the entry where it is
            largest, over the largest |Keras| of the tensor: a unit that is always off shows here,
            one that is off at some steps does not.
        flips: Share of the results whose largest entry is another one than Keras's, where Keras's
            own values of the two are no tie: they differ by more than 2 % of the usual distance
            (root mean square over the results) between the largest and the smallest entry. None
            for states, for outputs of one number, and where fewer results were compared.
        error: The largest |file - Keras| over the largest |Keras|.
        step: The time step of that error.
        whole: Whether whole sequences were compared. Of the dozen single steps in which states are
            compared, one with a unit near its edge may be far off: ten times the relative error
            is allowed there.
    """

    tensor: str
    signature: str
    run: str
    rows: int
    relative: float
    lasting: float
    flips: float | None
    error: float
    step: int
    whole: bool = True

    @classmethod
    def of(
        cls,
        found: np.ndarray,
        expected: np.ndarray,
        steps: list[int],
        whole: bool = True,
        choices: bool = True,
        **names: str,
    ) -> "ParityError":
        """Compares results.

        Args:
            found: What the file gave, (steps, sequences, ...).
            expected: What Keras gave, of the same shape.
            steps: The time steps that the first axis stands for.
            whole: Whether these are the results of whole sequences.
            choices: Whether to count other first choices.
            names: `tensor`, `signature` and `run`.
        """
        rows = found.shape[0] * found.shape[1]
        difference = np.abs(found.astype(np.float64) - expected)
        # Not a number must count as the worst there is.
        difference = np.where(np.isfinite(difference), difference, np.inf)
        scale = np.abs(expected).max(initial=0) or 1.0
        of_steps = difference.reshape(len(steps), -1).max(axis=1, initial=0) / scale
        worst = int(np.argmax(of_steps))
        lasting = relative = float("inf")
        if np.isfinite(difference).all():
            of_entries = np.median(difference.reshape(rows, -1), axis=0)
            lasting = float(of_entries.max(initial=0) / scale)
            relative = float(np.linalg.norm(difference) / (np.linalg.norm(expected) or 1.0))
        return cls(
            rows=rows,
            relative=relative,
            lasting=lasting,
            flips=_flips(found, expected) if choices and expected.shape[-1] > 1 else None,
            error=float(of_steps[worst]),
            step=steps[worst],
            whole=whole,
            **names,
        )

    @classmethod
    def worst_of(cls, errors: list["ParityError"], limits: ParityLimits) -> "ParityError":
        """The comparison of a tensor that came closest to its limits.

        It gets the number of results of the longest run, and the choices counted there.
        """
        worst = max(errors, key=lambda error: error.excess(limits))
        flips = [error.flips for error in errors if error.flips is not None]
        rows = max(error.rows for error in errors)
        return dataclasses.replace(worst, rows=rows, flips=max(flips, default=None))

    def excess(self, limits: ParityLimits) -> float:
        """The measure that is farthest above its limit, over the limit; up to 1 is allowed."""
        _, value, limit = self.worst(limits)
        return value / limit

    def worst(self, limits: ParityLimits) -> tuple[str, float, float]:
        """Name, value and limit of the measure that is farthest above its limit."""
        measured = self._measured(limits)
        name = max(measured, key=lambda name: measured[name][0] / measured[name][1])
        return (name, *measured[name])

    def to_dict(self) -> dict[str, Any]:
        """Its fields by name."""
        return dataclasses.asdict(self)

    def _measured(self, limits: ParityLimits) -> dict[str, tuple[float, float]]:
        measured = {
            "relative": (self.relative, limits.relative * (1 if self.whole else _OF_SINGLE_STEPS)),
            "lasting": (self.lasting, limits.lasting),
        }
        if self.flips is not None:
            measured["flips"] = (self.flips, limits.flips)
        return measured


def _flips(found: np.ndarray, expected: np.ndarray) -> float:
    width = expected.shape[-1]
    found, expected = found.reshape(-1, width), expected.reshape(-1, width)
    rows = np.arange(len(expected))
    best, given = expected.argmax(axis=1), found.argmax(axis=1)
    preferred_by = expected[rows, best] - expected[rows, given]
    distance = np.sqrt(np.mean(np.square(expected.max(axis=1) - expected.min(axis=1))))
    return float(np.mean(preferred_by > _TIE * distance))
