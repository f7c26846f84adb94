"""Co-matrix row dropout."""

from lrkeras.callbacks.structure_callback import StructureCallback
from lrkeras.structures import Sum


class CoMatrixDropout(StructureCallback):
    """Drops outputs of the two parts of a doped matrix independently while it trains.

    `W = (structured) . b1 + (sparse) . b2` with Bernoulli masks over the outputs (the rows of the
    papers), drawn anew for every batch, the same for all time steps of it, scaled by
    `1 / (1 - rate)`; off at inference, when training ends, and in a model that was saved in the
    middle of it. It keeps the parts from adapting to each other
    (co-matrix adaptation) while the sparse part still is dense. Thakker et al. 2020 (arXiv
    2001.08896), "CMR".

    Args:
        rate: Fraction of the outputs that is dropped from each part, in [0, 1), or a schedule:
            a function of the number of steps taken (a `keras.optimizers.schedules` object is one).

    Raises:
        ValueError: If the rate is out of range, and at the start of training if the model has no
            sum of structures.
    """

    def __init__(self, rate):
        super().__init__()
        if not callable(rate):
            _check(rate)
        self.rate = rate

    def on_train_begin(self, logs=None):
        self._sums = self._find(Sum, "a doped structure")
        self._set = None

    def on_train_batch_begin(self, batch, logs=None):
        # Not in on_train_begin: a callback that restores weights may come after this one.
        if callable(self.rate):
            self._sync()
            self._assign(_check(float(self.rate(self._step))))
        elif self._set is None:
            self._sync()
            self._assign(self.rate)

    def on_train_end(self, logs=None):
        self._assign(0.0)

    def _assign(self, rate):
        if rate != self._set:
            self._set = rate
            for structure in self._sums:
                structure.dropout_rate.assign(rate)


def _check(rate):
    if not 0 <= rate < 1:
        raise ValueError(f"The rate of CoMatrixDropout must be in [0, 1). Received: {rate}")
    return rate
