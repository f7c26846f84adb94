"""How much an error in each direction of a matrix matters."""

import dataclasses

import numpy as np

# As shares of the mean. The states of a compressed network leave the directions that the examples
# showed, so all others count too; rows that were never looked up count as an average one.
_RIDGE = 0.2
_UNSEEN = 1.0


@dataclasses.dataclass(frozen=True)
class SecondMoments:
    """Second moments of what a matrix `W` multiplies.

    An error `E` of `W` costs `tr(E^T A E B)`: with `A = E[x x^T]` of the inputs that is the mean
    square of `x E`.

    Attributes:
        inputs: float64, `(inputs, inputs)`, or its diagonal `(inputs,)`, or `None`: identity.
        outputs: The same for the outputs; for a tied table that is multiplied from both sides.
    """

    inputs: np.ndarray | None = None
    outputs: np.ndarray | None = None

    @classmethod
    def of(cls, inputs=None, outputs=None):
        """With a ridge for what was not seen among the examples."""
        return cls(_regular(inputs), _regular(outputs))

    def columns(self, part):
        """The weighting of some of the outputs (a slice)."""
        if self.outputs is None:
            return self
        return SecondMoments(self.inputs, _corner(self.outputs, part))

    def rows(self, part):
        """The weighting of some of the inputs (a slice, or their numbers)."""
        if self.inputs is None:
            return self
        return SecondMoments(_corner(self.inputs, part), self.outputs)

    def transposed(self):
        """The weighting of the transposed matrix: inputs and outputs change places."""
        return SecondMoments(self.outputs, self.inputs)

    def diagonal(self):
        """The same without what inputs have to do with each other."""
        return SecondMoments(_diagonal(self.inputs), _diagonal(self.outputs))

    def apply(self, error):
        """`A E B`, half the gradient of the cost."""
        return _times(_times(error, self.inputs), self.outputs, right=True)

    def cost(self, error):
        """`tr(E^T A E B)`."""
        return float(np.sum(error * self.apply(error)))

    def largest(self):
        """The largest factor by which `apply` stretches a matrix."""
        return _norm(self.inputs) * _norm(self.outputs)


def _regular(moment):
    if moment is None:
        return None
    if moment.ndim == 1:
        return moment + _UNSEEN * moment.mean() + np.finfo(float).tiny
    size = np.trace(moment) / len(moment)
    return moment + (_RIDGE * size + np.finfo(float).tiny) * np.eye(len(moment))


def _diagonal(moment):
    return moment if moment is None or moment.ndim == 1 else np.diag(moment)


def _corner(moment, part):
    return moment[part] if moment.ndim == 1 else moment[part][:, part]


def _times(error, moment, right=False):
    if moment is None:
        return error
    if right:
        return error * moment if moment.ndim == 1 else error @ moment
    return moment[:, None] * error if moment.ndim == 1 else moment @ error


def _norm(moment):
    if moment is None:
        return 1.0
    return float(moment.max() if moment.ndim == 1 else np.linalg.norm(moment, 2))
