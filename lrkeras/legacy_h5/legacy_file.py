"""Reading what Keras 2 wrote into an HDF5 file."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

import h5py
import numpy as np

from lrkeras.legacy_h5.heap_check import check_heaps
from lrkeras.legacy_h5.keras_1 import Derived, Stored, is_keras_1


class LegacyFile:
    """An `.h5` file of Keras, open for reading; a context manager.

    Args:
        path: the file.

    Attributes:
        version: the version of Keras that wrote the file, `"2"` where it does not say.
        backend: the backend it ran on, `"tensorflow"` where it does not say.
        config: the model's configuration; None in a file that holds weights only.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no HDF5 file, it is damaged, or Keras did not write it.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = pathlib.Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"No file {str(self.path)!r}. Check the path.")
        if not h5py.is_hdf5(self.path):
            raise ValueError(
                f"{str(self.path)!r} is not an HDF5 file: it does not begin as one. Expected what "
                "model.save('name.h5') or model.save_weights('name.h5') of Keras 2 wrote."
            )
        check_heaps(self.path)
        with self._readable():
            self._file = h5py.File(self.path, "r")
        try:
            with self._readable():
                self._weights = self._weight_group()
                self.version = self._text("keras_version") or "2"
                self.backend = self._text("backend") or "tensorflow"
                self.config = self._config()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> LegacyFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def is_keras_1(self) -> bool:
        """Whether Keras 1 wrote the file, by its version or, without one, by its arguments."""
        if self.version.partition(".")[0] == "1":
            return True
        return self.version == "2" and self.config is not None and is_keras_1(self.config)

    def layer_names(self) -> list[str]:
        """Returns the names of the layers, those without weights included, in the file's order."""
        with self._readable():
            return _strings(self._weights, "layer_names")

    def weights_of(self, layer: str) -> list[h5py.Dataset]:
        """Returns the weights of a layer in the order of Keras 2, not read yet.

        Raises:
            ValueError: they are not in the file, or not in the file itself.
        """
        with self._readable():
            group = self._inside(self._weights, layer, h5py.Group)
            names = _strings(group, "weight_names")
            return [self._inside(group, name, h5py.Dataset) for name in names]

    def read(self, weight: Stored) -> np.ndarray:
        """Returns the numbers of a weight.

        Raises:
            ValueError: they are none, or not all of them are finite.
        """
        if isinstance(weight, Derived):
            return weight.make([self.read(part) for part in weight.parts])
        with self._readable():
            if weight.dtype.kind not in "fiu":
                raise ValueError(f"{weight.name!r} holds no numbers but {weight.dtype}.")
            value = np.asarray(weight[()])
        bad = int(np.sum(~np.isfinite(value)))
        if bad:
            raise ValueError(
                f"{weight.name!r} holds {bad} numbers of {value.size} that are NaN or infinite. "
                "Load a checkpoint from before the training diverged."
            )
        return value

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Turns what h5py raises on a damaged file, which is many things, into one."""
        try:
            yield
        except (OSError, RuntimeError, LookupError, TypeError, MemoryError) as error:
            raise ValueError(
                f"{str(self.path)!r} is a damaged HDF5 file ({error}). Copy it again."
            ) from error

    def _weight_group(self) -> h5py.Group:
        root: h5py.Group = self._file
        if "model_weights" in root:
            root = self._inside(root, "model_weights", h5py.Group)
        if _has(root, "layer_names"):
            return root
        held = ", ".join(sorted(root)[:8]) or "nothing"
        if {"layers", "vars", "_layer_checkpoint_dependencies"} & set(root):
            raise ValueError(
                f"{str(self.path)!r} holds weights in the format of Keras 3. Load it with "
                "model.load_weights."
            )
        raise ValueError(
            f"{str(self.path)!r} is an HDF5 file but not one of Keras 2: it has no list of layers "
            f"(attribute 'layer_names'); it holds {held}."
        )

    def _text(self, name: str) -> str | None:
        for group in (self._weights, self._file):
            if name in group.attrs:
                return _text(group.attrs[name])
        return None

    def _config(self) -> dict[str, Any] | None:
        if "model_config" not in self._file.attrs:
            return None
        try:
            config = json.loads(_text(self._file.attrs["model_config"]))
        except ValueError as error:
            raise ValueError(
                f"The attribute 'model_config' of {str(self.path)!r} is not JSON ({error}). "
                "The file is damaged; copy it again."
            ) from error
        if not isinstance(config, dict) or not {"class_name", "config"} <= set(config):
            raise ValueError(
                f"The attribute 'model_config' of {str(self.path)!r} describes no model: expected "
                "a JSON object with 'class_name' and 'config'."
            )
        return config

    def _inside(self, group: h5py.Group, name: str, kind: type) -> Any:
        """Follows hard links only: others lead to other files, which the file must not choose."""
        for part in filter(None, name.split("/")):
            link = group.get(part, getlink=True) if isinstance(group, h5py.Group) else None
            if not isinstance(link, h5py.HardLink):
                reason = "it is missing" if link is None else "it is a link to somewhere else"
                raise ValueError(
                    f"{str(self.path)!r} should hold {name!r} in {group.name!r}: {reason}. The "
                    "file is damaged or was changed; save the model again."
                )
            group = group[part]
        outside = isinstance(group, h5py.Dataset) and (group.external or group.is_virtual)
        if not isinstance(group, kind) or outside:
            raise ValueError(
                f"{group.name!r} in {str(self.path)!r} should be a {kind.__name__} with its "
                "content in this file. The file is damaged or was changed; save the model again."
            )
        return group


def _has(group: h5py.Group, name: str) -> bool:
    return name in group.attrs or f"{name}0" in group.attrs


def _strings(group: h5py.Group, name: str) -> list[str]:
    """Returns a list attribute, which Keras cuts into name0, name1, ... where it is long."""
    if name in group.attrs:
        return [_text(value) for value in _items(group.attrs[name])]
    parts: list[Any] = []
    while f"{name}{len(parts)}" in group.attrs:
        parts.append(group.attrs[f"{name}{len(parts)}"])
    return [_text(value) for part in parts for value in _items(part)]


def _items(value: Any) -> Iterable[Any]:
    return value if hasattr(value, "__len__") and not isinstance(value, str | bytes) else [value]


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
