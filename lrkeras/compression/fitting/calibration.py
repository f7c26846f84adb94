"""Second moments of what each matrix of a model multiplies, from example inputs."""

import contextlib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.compression.matrices.embedding_owner import EmbeddingOwner
from lrkeras.compression.matrices.matrix_owner import MatrixOwner
from lrkeras.compression.matrices.recurrent_owner import RecurrentOwner
from lrkeras.model_graph.layer_states import states_kept

_BATCH = 32


def collect_second_moments(
    model: keras.Model,
    owners: list[tuple[MatrixOwner, keras.layers.Layer]],
    examples: list[Any],
) -> dict[tuple[str, str], SecondMoments]:
    """Runs a model on examples and takes the second moments of the inputs of its matrices.

    Args:
        model: The model.
        owners: `(owner, caller)` as `single_layers` gives them.
        examples: Batches of inputs, as `batches` gives them.

    Returns:
        Second moments by `(path, role)`; none for layers that were not called.
    """
    watchers = [_watcher(owner, caller) for owner, caller in owners if _reads(owner, caller)]
    with contextlib.ExitStack() as stack:
        stack.enter_context(states_kept(model))
        for watcher in watchers:
            stack.enter_context(watcher.watching())
        for batch in examples:
            model(batch, training=False)
    return {key: w for watcher in watchers for key, w in watcher.moments().items()}


def batches(data: Any) -> Iterator[Any]:
    """Batches of inputs, without targets.

    Args:
        data: Inputs as `model.predict` takes them (an array, or a list or dict of them), or an
            iterable of batches `x` or `(x, y)`.
    """
    if isinstance(data, keras.utils.PyDataset):
        dataset = data
        data = (dataset[i] for i in range(dataset.num_batches or 0))
    elif isinstance(data, (list, tuple, dict)) or hasattr(data, "shape"):
        arrays = keras.tree.map_structure(np.asarray, data)
        count = len(keras.tree.flatten(arrays)[0])
        for first in range(0, count, _BATCH):
            part = slice(first, first + _BATCH)
            yield keras.tree.map_structure(lambda a, part=part: a[part], arrays)
        return
    if not isinstance(data, Iterable):
        raise ValueError(
            "Expected `calibration` as arrays of inputs or an iterable of batches, received "
            f"{type(data).__name__}."
        )
    for batch in data:
        yield batch[0] if isinstance(batch, tuple) else batch


def model_batches(model: keras.Model, data: Any) -> list[Any]:
    """Batches of inputs of a model.

    Raises:
        ValueError: If a batch has other inputs than the model.
    """
    found = list(batches(data))
    names = [tensor.name for tensor in getattr(model, "inputs", None) or ()]
    for batch in found:
        given = sorted(batch) if isinstance(batch, Mapping) else len(keras.tree.flatten(batch))
        if names and given not in (sorted(names), len(names)):
            raise ValueError(
                f"`calibration` does not fit `{model.name}`, which needs the inputs {names}: a "
                f"dict of arrays by these names, on the command line a .npz file. Received {given}."
            )
    return found


class _Watcher:
    """Sums up the outer products of what a layer is called with."""

    def __init__(self, owner: MatrixOwner, caller: keras.layers.Layer):
        self.owner, self.caller = owner, caller
        self.sums: dict[str, Any] = {}

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While it lasts, calls of the layer are seen."""
        inner = self.caller.call
        names = inspect.signature(inner)

        def call(*args: Any, **kwargs: Any) -> Any:
            given = names.bind(*args, **kwargs).arguments
            self.see(*[given.pop(name) for name in list(given)[:1]], **given)
            return inner(*args, **kwargs)

        self.caller.call = call  # hides the method of the class
        try:
            yield
        finally:
            del self.caller.call

    def see(self, inputs: Any, **arguments: Any) -> None:
        self.add(self.owner.roles[0], _rows(inputs))

    def add(self, role: str, rows: np.ndarray) -> None:
        self.sums[role] = self.sums.get(role, 0) + rows.T @ rows

    def moments(self) -> dict[tuple[str, str], SecondMoments]:
        return {
            (self.owner.path, role): SecondMoments.of(inputs=total)
            for role, total in self.sums.items()
        }


class _RecurrentWatcher(_Watcher):
    """Finds the hidden states too, by running the layer once more with all of them as outputs."""

    twin: keras.layers.Layer | None = None

    def see(self, inputs: Any, **arguments: Any) -> None:
        x = _float64(inputs)
        mask, initial = arguments.get("mask"), arguments.get("initial_state")
        if initial is None and self.caller.stateful:
            initial = [ops.convert_to_tensor(s) for s in keras.tree.flatten(self.caller.states)]
        states = self._states(inputs, mask, initial)
        seen = np.ones(x.shape[:2], bool) if mask is None else ops.convert_to_numpy(mask) > 0
        if self.caller.go_backwards:
            x, seen = x[:, ::-1], seen[:, ::-1]
        # A state is what the matrix multiplies first of all: h, the first of LSTM's h and c.
        first = (
            np.zeros_like(states[:, 0])
            if initial is None
            else _float64(keras.tree.flatten(initial)[0])
        )
        before = np.concatenate([first[:, None], states[:, :-1]], axis=1)[seen]
        x = x[seen]
        self.add("kernel", x)
        self.add("recurrent", before)
        self.add("joint", np.concatenate([x, before], axis=1))

    def _states(self, inputs: Any, mask: Any, initial: Any) -> np.ndarray:
        """The hidden states after every step, float64, `(batch, time, units)`."""
        if self.twin is None:
            changed = {"return_sequences": True, "return_state": False, "stateful": False}
            config = {**self.caller.get_config(), **changed}
            self.twin = type(self.caller).from_config(config)
            self.twin.build(tuple(inputs.shape))
            self.twin.set_weights(self.caller.get_weights())
        return _float64(self.twin(inputs, initial_state=initial, mask=mask))


class _EmbeddingWatcher(_Watcher):
    """Counts the rows that are looked up, and what a tied table multiplies."""

    def see(self, inputs: Any, **arguments: Any) -> None:
        if arguments.get("reverse"):
            self.add("outputs", _rows(inputs))
            return
        ids = np.asarray(ops.convert_to_numpy(inputs)).astype(np.int64).ravel()
        counts = np.bincount(ids, minlength=self.owner.shape("embeddings")[0])
        self.sums["inputs"] = self.sums.get("inputs", 0) + counts.astype(np.float64)

    def moments(self) -> dict[tuple[str, str], SecondMoments]:
        if not self.sums:
            return {}
        key = (self.owner.path, "embeddings")
        return {key: SecondMoments.of(self.sums.get("inputs"), self.sums.get("outputs"))}


def _reads(owner: MatrixOwner, caller: keras.layers.Layer) -> bool:
    """Whether the caller's input is the owner's: of stacked cells it is that of the first only."""
    return not isinstance(getattr(caller, "cell", None), keras.layers.StackedRNNCells)


def _watcher(owner: MatrixOwner, caller: keras.layers.Layer) -> _Watcher:
    if isinstance(owner, RecurrentOwner):
        return _RecurrentWatcher(owner, caller)
    if isinstance(owner, EmbeddingOwner):
        return _EmbeddingWatcher(owner, caller)
    return _Watcher(owner, caller)


def _rows(inputs: Any) -> np.ndarray:
    return _float64(inputs).reshape(-1, inputs.shape[-1])


def _float64(tensor: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(tensor), np.float64)
