"""Low-rank matrices of several layers that share one projection."""

import contextlib
import contextvars
import weakref

import keras
import numpy as np
from keras import ops

from lrkeras.structures.structure import Structure
from lrkeras.structures.truncated_svd import truncated_svd
from lrkeras.structures.weighted_fit import weighted_low_rank

_groups_of_input: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_current_groups = contextvars.ContextVar("lrkeras_groups", default=None)


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class SharedLowRank(Structure):
    """`W = P R` where `P`, `(inputs, rank)`, is one and the same for all members of a group.

    In a stack of LSTMs the recurrent matrix of one layer and the input matrix of the next both
    multiply the hidden state `h^l`: `Wh^l = Zh^l P^l`, `Wx^{l+1} = Zx^{l+1} P^l`. Lu, Sindhwani,
    Sainath 2016 (arXiv 1604.02594).

    Members are the structures that name the same group in one Functional or Sequential model, or,
    where layers are built outside of one (a subclassed model), copies of one `SharedLowRank`
    object passed to several layers. All members have the same number of inputs and the same rank.
    `num_params` counts `P`, `inputs * rank` numbers, in the member that was built first and
    nowhere else; each member has `R`, `(rank, outputs)`.

    Take it for stacks of recurrent layers whose low-rank matrices read the same hidden state.

    `from_dense` on that first member is the truncated SVD; on the others the least-squares fit
    to the projection as it is.

    Args:
        rank: 1 to `min(inputs, outputs)`. Default: an eighth of the smaller side.
        group: Name of the group.
        compression: Instead of `rank`, as if the projection were not shared; see `Structure`.
    """

    size_argument = "rank"
    multiplies_by_factor = True

    def __init__(self, rank=None, group="shared", **kwargs):
        super().__init__(**kwargs)
        self._set_size(rank)
        self.group = group
        self._groups = _Groups()

    def _params_at(self, size):
        return size * sum(self.shape)

    def _largest_size(self):
        return min(self.shape)

    def _create_weights(self, init):
        groups = _current_groups.get() or self._groups
        left, right = init.product(terms=self.rank)
        self.owns_projection = self.group not in groups.projections
        if self.owns_projection:
            projection = _Projection(name=f"{self.group}_projection", dtype=self.dtype_policy)
            projection.build((self.shape[0], self.rank), left)
            groups.projections[self.group] = projection
        self.projection = groups.projections[self.group]
        if self.projection.kernel.shape != (self.shape[0], self.rank):
            inputs, rank = self.projection.kernel.shape
            raise ValueError(
                f'The group "{self.group}" shares a projection from {inputs} inputs to rank {rank}.'
                f" Received a member with {self.shape[0]} inputs and rank {self.rank}."
            )
        self.right = self.add_weight(
            shape=(self.rank, self.shape[1]), name="right", initializer=right
        )

    def matmul(self, x, training=False):
        return ops.matmul(ops.matmul(x, self.projection.kernel), self.right)

    def to_dense(self, training=False):
        return ops.matmul(self.projection.kernel, self.right)

    def _fit(self, w):
        if self.owns_projection:
            left, right = truncated_svd(w, self.rank)
            self.projection.kernel.assign(left)
        else:
            left = np.asarray(ops.convert_to_numpy(self.projection.kernel), dtype=np.float64)
            right = np.linalg.lstsq(left, w, rcond=None)[0]
        self.right.assign(right)

    @staticmethod
    def fit_together(members, weighting=None):
        """Fits matrices that share one projection: the optimum for all of them together.

        Args:
            members: `(structure, w)` for structures of one group, `w` of shape
                `(inputs, outputs)`.
            weighting: As in `fit`; that of the inputs, which all of them share.
        """
        structures, matrices = zip(*members, strict=True)
        whole = np.concatenate(matrices, axis=1)
        left, right = weighted_low_rank(whole, structures[0].rank, weighting)
        structures[0].projection.kernel.assign(left)
        ends = np.cumsum([w.shape[1] for w in matrices])[:-1]
        for structure, piece in zip(structures, np.split(right, ends, axis=1), strict=True):
            structure.right.assign(piece)

    @property
    def num_params(self):
        return self.rank * (self.shape[1] + (self.shape[0] if self.owns_projection else 0))

    @property
    def macs(self):
        return self.rank * sum(self.shape)

    @classmethod
    def matmul_side_by_side(cls, parts, x, training=False):
        if not _share_projection(parts):
            return super().matmul_side_by_side(parts, x, training)
        projected = ops.matmul(x, parts[0].projection.kernel)
        return ops.matmul(projected, ops.concatenate([p.right for p in parts], axis=1))

    @classmethod
    def macs_side_by_side(cls, parts):
        if not _share_projection(parts):
            return super().macs_side_by_side(parts)
        return parts[0].rank * (parts[0].shape[0] + sum(p.shape[1] for p in parts))

    def copy(self, **overrides):
        copied = super().copy(**overrides)
        copied._groups = self._groups
        return copied

    def get_config(self):
        return {**super().get_config(), "group": self.group}


def _share_projection(parts):
    return len({id(part.projection) for part in parts}) == 1


class _Groups:
    """Projections by group name; a plain object, so that Keras does not track it as weights."""

    def __init__(self):
        self.projections = {}

    def __bool__(self):
        return True


@keras.saving.register_keras_serializable(package="lrkeras.structures", name="SharedProjection")
class _Projection(keras.layers.Layer):
    """Owner of the shared weight, so that several structures can track it."""

    def build(self, shape, initializer):
        self.kernel = self.add_weight(shape=shape, name="kernel", initializer=initializer)


@contextlib.contextmanager
def group_scope(inputs):
    """While a layer is called on symbolic `inputs`, names of groups mean those of that model."""
    groups = None
    sources = [
        source
        for tensor in keras.tree.flatten(inputs)
        if isinstance(tensor, keras.KerasTensor)
        for source in keras.tree.flatten(keras.utils.get_source_inputs(tensor))
    ]
    if sources:
        known = [_groups_of_input[s] for s in sources if s in _groups_of_input]
        groups = known[0] if known else _Groups()
        for source in sources:
            _groups_of_input[source] = groups
    token = _current_groups.set(groups)
    try:
        yield
    finally:
        _current_groups.reset(token)
