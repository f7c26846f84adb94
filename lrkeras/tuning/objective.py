"""What makes one model better than another."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from lrkeras.legacy_h5.reason_of import reason_of
from lrkeras.system.name_patterns import did_you_mean
from lrkeras.tuning.tuning_data import TuningData

_PREFIX = "val_"
# Metrics of Keras, by parts of their names, of which more is better.
_MORE = ("acc", "auc", "precision", "recall", "f1", "iou", "r2", "bleu", "similarity", "top_k")


@dataclasses.dataclass(frozen=True)
class Objective:
    """A number that `evaluate` gives, on validation data.

    Attributes:
        name: Such as `"val_loss"`.
        more_is_better: Whether it is to be large.
    """

    name: str
    more_is_better: bool = False

    @classmethod
    def of(cls, model: keras.Model, name: str, mode: str = "auto") -> Objective:
        """Reads an objective.

        Args:
            model: A compiled model.
            name: Such as `"val_loss"`.
            mode: `"min"`, `"max"`, or `"auto"`, by the name.

        Raises:
            ValueError: If the model is not compiled, or the mode is unknown.
        """
        if not isinstance(model, keras.Model):
            raise ValueError(f"Expected a keras.Model, received {type(model).__name__}.")
        if not model.compiled or getattr(model, "optimizer", None) is None:
            raise ValueError(
                f"Expected a compiled model, received `{model.name}`, which has no loss to train "
                'on. Call model.compile(optimizer="adam", loss=...) and save it again.'
            )
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'Expected `mode` to be "auto", "min" or "max", received {mode!r}.')
        key = name.removeprefix(_PREFIX)
        more = mode == "max" or (mode == "auto" and any(part in key for part in _MORE))
        return cls(name, more)

    @property
    def key(self) -> str:
        """Its name among what `evaluate` gives."""
        return self.name.removeprefix(_PREFIX)

    def is_better(self, one: float, other: float) -> bool:
        """Whether one value is better than another."""
        return one > other if self.more_is_better else one < other

    def cost(self, value: float) -> float:
        """A number that is to be small."""
        return -value if self.more_is_better else value

    def of_model(self, model: keras.Model, data: TuningData, batch_size: int = 32) -> float:
        """The objective of a compiled model on data."""
        found = evaluate(model, data.inputs, data, batch_size)
        if self.key not in found:
            names = [_PREFIX + name for name in found]
            raise ValueError(
                f"Expected an objective that the model is compiled with: {', '.join(names)}; "
                f"received {self.name!r}.{did_you_mean(self.name, names)}"
            )
        return float(found[self.key])

    def check(self, model: keras.Model, data: TuningData) -> None:
        """Checks on a few examples that a model gives the objective.

        Raises:
            ValueError: If it does not, or does not take the data.
        """
        try:
            self.of_model(model, data.part(slice(0, 2)))
        except ValueError as error:
            if "Expected an objective" in str(error):
                raise
            raise _unfit(model, error) from error
        except Exception as error:  # of the backend
            raise _unfit(model, error) from error


def evaluate(model: keras.Model, inputs: Any, data: TuningData, batch_size: int) -> dict:
    """What `evaluate` says of a model on inputs with the targets of data."""
    weights = {} if data.weights is None else {"sample_weight": data.weights}
    return model.evaluate(
        inputs, data.y, batch_size=batch_size, verbose=0, return_dict=True, **weights
    )


def _unfit(model: keras.Model, error: Exception) -> ValueError:
    return ValueError(
        f"Expected data that `{model.name}` can be evaluated on with the loss it is compiled with; "
        f"Keras says: {reason_of(error)}"
    )
