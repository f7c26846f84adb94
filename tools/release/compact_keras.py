"""Small `.keras` files for the weights that are shipped: ordinary ones, only packed better.

    python tools/release/compact_keras.py lrkeras/models/speech_commands_dense.keras ...

packs files anew, in place; not a bit of a weight changes.
"""

from __future__ import annotations

import argparse
import io
import os
import pathlib
import tempfile
import zipfile

import h5py
import keras
import numpy as np
from keras import ops

from lrkeras.system.atomic_write import written_whole

WEIGHTS = "model.weights.h5"
# Chunked storage costs more than packing saves below this many bytes.
_WORTH_PACKING = 512


def save_compact(model: keras.Model, path: str | os.PathLike) -> None:
    """Saves a model with its weights rounded to float16, which packing then halves.

    The file is an ordinary `.keras` file, and its model one in float32. The weights of `model` are
    rounded in place, so that what is converted from it agrees with what is saved.

    Args:
        model: The model.
        path: Ends in `.keras`.

    Raises:
        ValueError: If a weight is too large for float16.
    """
    round_weights(model)
    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder, "whole.keras")
        model.save(whole)
        pack(whole, path)


def round_weights(model: keras.Model) -> None:
    """Rounds the float32 weights of a model to numbers of float16, in place.

    Raises:
        ValueError: If a weight is too large for float16.
    """
    for weight in model.weights:
        value = ops.convert_to_numpy(weight)
        if value.dtype == np.float32:
            if np.abs(value).max(initial=0) > np.finfo(np.float16).max:
                raise ValueError(f"{weight.path} has a weight that float16 cannot hold.")
            weight.assign(value.astype(np.float16).astype(np.float32))


def pack(source: str | os.PathLike, target: str | os.PathLike) -> None:
    """Writes a `.keras` file with the same contents in fewer bytes; the two may be one file.

    The arrays are packed inside the HDF5 file, by filters that every reader of HDF5 has: bytes of
    equal weight next to each other (shuffle), then gzip.
    """
    with zipfile.ZipFile(source) as archive:
        # Not dated: the same weights are the same file.
        members = {name: archive.read(name) for name in archive.namelist()}
    members[WEIGHTS] = _packed(members[WEIGHTS])
    with written_whole(target) as draft, zipfile.ZipFile(draft, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def _packed(weights: bytes) -> bytes:
    """The bytes of an HDF5 file with every large array packed."""
    packed = io.BytesIO()
    with h5py.File(io.BytesIO(weights)) as source, h5py.File(packed, "w") as out:
        _copy_attributes(source, out)

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Group):
                made = out.require_group(name)
            else:
                made = out.create_dataset(name, data=item[()], **_filters(item[()]))
            _copy_attributes(item, made)

        source.visititems(copy)
    return packed.getvalue()


def _copy_attributes(source: h5py.HLObject, target: h5py.HLObject) -> None:
    for key, value in source.attrs.items():
        target.attrs[key] = value


def _filters(value: np.ndarray) -> dict:
    """The filters that pack an array best; shuffling spoils the zeros of sparse ones."""
    if value.ndim == 0 or value.nbytes < _WORTH_PACKING:
        return {}
    found = {}
    for shuffle in (True, False):
        how = {"chunks": value.shape, "compression": "gzip", "compression_opts": 9}
        how["shuffle"] = shuffle
        with h5py.File(io.BytesIO(), "w") as trial:
            found[trial.create_dataset("value", data=value, **how).id.get_storage_size()] = how
    return found[min(found)]


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=pathlib.Path, nargs="+", help=".keras files")
    for file in parser.parse_args(arguments).files:
        before = file.stat().st_size
        pack(file, file)
        print(f"{file}: {before:,} to {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    main()
