"""What the callbacks share."""

import keras

from lrkeras.structures import find_structures


class StructureCallback(keras.callbacks.Callback):
    """A callback that acts on the structures of one class inside the model."""

    def _find(self, kind, wanted):
        """The model's structures of a class; raises `ValueError` where there are none."""
        self._require_built()
        found = find_structures(self.model, kind)
        if not found:
            raise ValueError(
                f"{type(self).__name__} found nothing to act on in the model "
                f'"{self.model.name}": it needs a built layer with {wanted}, for example '
                "LSTM(units, joint_structure=structures.doped(structures.Kronecker(), "
                "compression=25))."
            )
        return found

    def _require_built(self):
        """Raises `ValueError` for a model whose first batch will build it, on some backends."""
        if not self.model.built:
            raise ValueError(
                f"{type(self).__name__} acts on weights, and those of the model "
                f'"{self.model.name}" are not made yet. Begin the model with keras.Input, or call '
                "it on a batch of inputs, before fit."
            )

    def _sync(self):
        """Brings the weights up to date where the backend keeps them elsewhere while it trains."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()

    @property
    def _step(self):
        """Optimiser steps taken so far; saved with the model, so that training can resume."""
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
