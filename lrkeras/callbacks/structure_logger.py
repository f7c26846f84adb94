"""Sparsity and norms in the training logs."""

import collections

import keras
import numpy as np

from lrkeras.callbacks.structure_callback import StructureCallback
from lrkeras.structures import Sparse, Structure, Sum, find_structures


class StructureLogger(StructureCallback):
    """Adds the state of sparse and doped structures to the logs of every epoch.

    Put it before `CSVLogger`, `TensorBoard` or `ModelCheckpoint` in the list of callbacks; they
    and `History` then see, over the whole model and (with `per_layer`) for each matrix:

    * `sparsity`: fraction of the entries of sparse parts that are zero;
    * `structured_norm`, `sparse_norm`: Frobenius norms of the two parts of doped matrices;
    * `sparse_ratio`: the second by the first. A ratio that stays high while the sparsity rises
      is the sign of co-matrix adaptation (Thakker et al. 2020, arXiv 2001.08896).

    Args:
        per_layer: Whether to log each matrix too, as `"<path>/<key>"`.

    Raises:
        ValueError: At the start of training, if the model has no structure.
    """

    def __init__(self, per_layer=False):
        super().__init__()
        self.per_layer = per_layer

    def on_train_begin(self, logs=None):
        self._find(Structure, "a structure")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            self._sync()
            logs.update(structure_logs(self.model, self.per_layer))


def structure_logs(model, per_layer=False):
    """The numbers that `StructureLogger` logs, as a dict."""
    totals = collections.defaultdict(lambda: collections.defaultdict(float))
    for part in find_structures(model, Sparse):
        for key in {"", _matrix_path(part)}:
            totals[key]["kept"] += part.sparsity * np.prod(part.shape)
            totals[key]["size"] += np.prod(part.shape)
    for structure in find_structures(model, Sum):
        for part in structure.parts:
            kind = "sparse" if part.is_sparse else "structured"
            dense = keras.ops.convert_to_numpy(part.to_dense())
            for key in {"", _matrix_path(structure)}:
                totals[key][kind] += float(np.sum(np.square(dense, dtype=np.float64)))
    logs = {}
    for path, total in totals.items():
        if path and not per_layer:
            continue
        prefix = f"{path}/" if path else ""
        if total["size"]:
            logs[f"{prefix}sparsity"] = float(total["kept"] / total["size"])
        if "structured" in total:
            structured, sparse = np.sqrt(total["structured"]), np.sqrt(total["sparse"])
            logs[f"{prefix}structured_norm"] = float(structured)
            logs[f"{prefix}sparse_norm"] = float(sparse)
            logs[f"{prefix}sparse_ratio"] = float(sparse / structured) if structured else np.inf
    return logs


def _matrix_path(structure):
    """Path of the matrix that a part belongs to: without the parts of gates and sums."""
    names = structure.path.split("/")
    inner = ("part_", *(f"{kind}_" for kind in ("sparse", "sum")))
    while names and names[-1].startswith(inner):
        names.pop()
    return "/".join(names)
