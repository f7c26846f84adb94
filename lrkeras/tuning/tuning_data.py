"""What models are trained and judged on, as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import numpy as np

from lrkeras.export.steps.tensor_names import output_names


@dataclasses.dataclass(frozen=True)
class TuningData:
    """Examples of a model.

    Attributes:
        x: Inputs by name, in the order of the model's.
        y: Targets: an array, or a list or dict of them as the model's `fit` takes.
        weights: Weights of the examples, or None.
        batch: Examples in a batch, where they came in batches.
    """

    x: dict[str, np.ndarray]
    y: Any
    weights: np.ndarray | None = None
    batch: int | None = None

    @classmethod
    def of(cls, model: keras.Model, data: Any, what: str) -> TuningData:
        """Reads what `fit` takes: `(x, y)`, `(x, y, sample_weight)`, or an iterable of batches.

        Args:
            model: The model.
            data: The examples; a `tf.data.Dataset`, a `keras.utils.PyDataset` and any other
                iterable of batches are read once, to their end.
            what: What they are, for an error.

        Raises:
            ValueError: If they are none of these, or do not fit the model.
        """
        if isinstance(data, cls):
            found = data
        elif isinstance(data, tuple) and len(data) in (2, 3):
            found = cls(_inputs(model, data[0], what), _arrays(data[1]), *map(_arrays, data[2:]))
        else:
            found = _joined(model, data, what)
        found._check(model, what)
        return found

    @classmethod
    def of_arrays(cls, model: keras.Model, arrays: Mapping[str, Any], role: str) -> TuningData:
        """Reads arrays by name: inputs by theirs or as `x`, targets as `y` or by output.

        Args:
            model: The model.
            arrays: As in a `.npz` file.
            role: The end of the names: empty, `"_val"` or `"_test"`.

        Raises:
            ValueError: If one is missing, or they do not fit the model.
        """
        names = [tensor.name for tensor in model.inputs]
        given = {n: arrays[n + role] for n in names if n + role in arrays}
        if not given and len(names) == 1 and "x" + role in arrays:
            given = {names[0]: arrays["x" + role]}
        outputs = {n: arrays[n + role] for n in output_names(model) if n + role in arrays}
        y = arrays.get("y" + role, outputs)
        if set(given) != set(names) or (isinstance(y, dict) and len(y) != len(model.outputs)):
            wanted = [n + role for n in (names if len(names) > 1 else ["x"])]
            raise ValueError(
                f"Expected arrays {', '.join([*wanted, 'y' + role])}, received "
                f"{', '.join(arrays) or 'none'}."
            )
        x = {name: np.asarray(given[name]) for name in names}
        if isinstance(y, dict):
            y = [np.asarray(y[n]) for n in output_names(model)]
            y = y[0] if len(y) == 1 else y
        weights = arrays.get("sample_weight" + role)
        return cls.of(model, cls(x, y, weights), f"data{role}")

    def __len__(self) -> int:
        return len(next(iter(self.x.values())))

    @property
    def inputs(self) -> Any:
        """Inputs as the model takes them: one array, or a dict of several."""
        return next(iter(self.x.values())) if len(self.x) == 1 else self.x

    def part(self, rows: Any) -> TuningData:
        """Some of the examples."""
        pick = lambda a: a[rows]  # noqa: E731
        weights = None if self.weights is None else self.weights[rows]
        x = {name: value[rows] for name, value in self.x.items()}
        return TuningData(x, keras.tree.map_structure(pick, self.y), weights, self.batch)

    def _check(self, model: keras.Model, what: str) -> None:
        wanted = {t.name: tuple(t.shape) for t in model.inputs}
        received = {name: value.shape for name, value in self.x.items()}
        for name, shape in wanted.items():
            found = received.get(name, ())
            fits = len(found) == len(shape) and all(
                a in (None, b) for a, b in zip(shape[1:], found[1:], strict=True)
            )
            if not fits:
                raise ValueError(
                    f"Expected the input {name!r} of `{what}` in shape {shape}, received "
                    f"{found or 'none'}."
                )
        counts = {len(a) for a in [*self.x.values(), *keras.tree.flatten(self.y)]}
        if self.weights is not None:
            counts.add(len(self.weights))
        if len(counts) != 1 or 0 in counts:
            raise ValueError(
                f"Expected as many inputs as targets in `{what}`, at least one; received "
                f"{sorted(counts)}."
            )


def _arrays(nested: Any) -> Any:
    if isinstance(nested, (list, tuple)) and nested and np.isscalar(nested[0]):
        return np.asarray(nested)
    return keras.tree.map_structure(_array, nested)


def _array(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else value)


def _inputs(model: keras.Model, x: Any, what: str) -> dict[str, np.ndarray]:
    names = [tensor.name for tensor in model.inputs]
    if isinstance(x, Mapping):
        if set(x) != set(names):
            raise ValueError(f"Expected the inputs {names} in `{what}`, received {sorted(x)}.")
        return {name: _array(x[name]) for name in names}
    parts = list(x) if isinstance(x, (list, tuple)) and len(names) > 1 else [x]
    if len(parts) != len(names):
        raise ValueError(f"Expected the inputs {names} in `{what}`, received {len(parts)} arrays.")
    return {name: _array(part) for name, part in zip(names, parts, strict=True)}


def _joined(model: keras.Model, data: Any, what: str) -> TuningData:
    """All batches of a data set, one after the other."""
    if isinstance(data, keras.utils.PyDataset):
        dataset = data
        data = (dataset[number] for number in range(dataset.num_batches or 0))
    elif _is_endless(data):
        raise ValueError(f"Expected `{what}` to end, received an endless data set; add .take(n).")
    if not isinstance(data, Iterable) or isinstance(data, (str, Mapping)) or hasattr(data, "shape"):
        raise ValueError(
            f"Expected `{what}` as (x, y), (x, y, sample_weight), or batches of these, received "
            f"{type(data).__name__}."
        )
    parts = []
    for batch in data:
        if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
            raise ValueError(
                f"Expected batches (x, y) in `{what}`, received {type(batch).__name__}."
            )
        parts.append(TuningData.of(model, tuple(batch), what))
    if not parts:
        raise ValueError(f"Expected batches in `{what}`, received none.")
    try:
        x = {n: np.concatenate([part.x[n] for part in parts]) for n in parts[0].x}
        join = lambda *of_parts: np.concatenate(of_parts)  # noqa: E731
        y = keras.tree.map_structure(join, *[part.y for part in parts])
    except ValueError as error:
        raise ValueError(
            f"Expected batches of one length of time in `{what}`, received several ({error}). Pad "
            "them all to the same."
        ) from error
    weights = None
    if parts[0].weights is not None:
        weights = np.concatenate([part.weights for part in parts])
    return TuningData(x, y, weights, len(parts[0]))


def _is_endless(data: Any) -> bool:
    cardinality = getattr(data, "cardinality", None)
    return callable(cardinality) and int(cardinality()) == -1
