"""The base of structures with low-rank factors."""

import contextlib
import types

from lrkeras.structures.scaled_gradient import with_scaled_gradients
from lrkeras.structures.structure import Structure


class Factored(Structure):
    """A structure with products of two factors, which are trained with scaled gradients.

    In training the gradients of two factors move their product as those of a whole matrix move it,
    so that one learning rate serves both; see `lrkeras.structures.scaled_gradient`. A class writes
    `_factor_pairs`, and takes the factors from `_factors(training)`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # Those of the training step that runs; beside what Keras tracks.
        self._scaled = types.SimpleNamespace(factors=None)

    def _factor_pairs(self):
        """`(left, right)` of each product, variables or tensors."""
        raise NotImplementedError(f"{type(self).__name__} must write `_factor_pairs()`.")

    def _factors(self, training=False):
        """The same to multiply with."""
        if self._scaled.factors is not None:
            return self._scaled.factors
        pairs = self._factor_pairs()
        return [with_scaled_gradients(*pair) for pair in pairs] if training else pairs

    @contextlib.contextmanager
    def shared_work(self, training=False):
        before = self._scaled.factors
        self._scaled.factors = self._factors(training=True) if training else before
        try:
            yield
        finally:
            self._scaled.factors = before
