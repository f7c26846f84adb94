"""Sums of structured matrices."""

import keras
import numpy as np
from keras import ops

from lrkeras.structures.composite import Composite
from lrkeras.structures.structure import Structure
from lrkeras.structures.weighted_fit import TOLERANCE

_MAX_SWEEPS, _MAX_WEIGHTED_SWEEPS = 50, 8


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class Sum(Composite):
    """`W = A + B + ...`, made by adding structures; doping is `structured + Sparse`.

    All terms have the shape of `W`, `(inputs, outputs)`. Take it where one structure alone loses
    too much: a sparse term holds the few entries that do not fit it (Thakker et al. 2021, arXiv
    2102.07071).

    With a co-matrix dropout rate (`lrkeras.callbacks.CoMatrixDropout`) each term is multiplied,
    in training only, by a mask over the outputs, `W = A . b1 + B . b2`, drawn independently for
    each term at each use and scaled by `1 / (1 - rate)`. Thakker et al. 2020 (arXiv 2001.08896).

    The rate is a variable, so that it may change while training runs, but not a weight: it is not
    saved, and a model that was loaded does not drop.

    A `compression` of one of the terms counts the terms before it and itself: in
    `Kronecker() + Sparse(compression=25)` the whole sum is 25 times smaller than dense.
    `from_dense` fits the terms in turn to what the others leave, until the error stops falling.

    Args:
        parts: List of structures.
        seed: Seed of the dropout masks.
    """

    def __init__(self, parts, seed=None, **kwargs):
        super().__init__(**kwargs)
        parts = [
            keras.saving.deserialize_keras_object(p) if isinstance(p, dict) else p for p in parts
        ]
        if len(parts) < 2 or not all(isinstance(p, Structure) for p in parts):
            raise ValueError(f"A sum needs at least two structures. Received: parts={parts}")
        self.parts = [
            p.copy(name=f"{type(p).__name__.lower()}_{i}", dtype=self.dtype_policy)
            for i, p in enumerate(parts)
        ]
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def _create_weights(self, init):
        # A variable, since it changes while compiled training runs, but not one of `weights`: a
        # checkpoint from the middle of training must not go on dropping.
        self.dropout_rate = self.add_weight(
            shape=(), name="dropout_rate", initializer="zeros", trainable=False
        )
        for place, part in enumerate(self.parts):
            if part.compression is not None:
                part.spent = self.spent + sum(built.num_params for built in self.parts[:place])
            part.build(self.shape, self.overhead, init.scaled(1 / len(self.parts)))

    def matmul(self, x, training=False):
        return self._add([p.matmul(x, training) for p in self.parts], training)

    @classmethod
    def matmul_side_by_side(cls, parts, x, training=False):
        if training:  # each part has masks of its own
            return super().matmul_side_by_side(parts, x, training)
        return sum(type(terms[0]).matmul_side_by_side(terms, x) for terms in _by_term(parts))

    @classmethod
    def macs_side_by_side(cls, parts):
        return sum(type(terms[0]).macs_side_by_side(terms) for terms in _by_term(parts))

    def matmul_transpose(self, y):
        return self._add([p.matmul_transpose(y) for p in self.parts])

    def rows(self, ids):
        return self._add([p.rows(ids) for p in self.parts])

    def to_dense(self, training=False):
        return self._add([p.to_dense(training) for p in self.parts], training)

    def _add(self, terms, training=False):
        """The sum of terms of shape `(..., outputs)`, in training with co-matrix dropout."""
        if not training:
            return sum(terms[1:], terms[0])
        rate = ops.cast(self.dropout_rate, terms[0].dtype)
        noise = keras.random.uniform((len(terms), self.shape[1]), seed=self.seed_generator)
        keep = ops.cast(noise >= ops.cast(rate, noise.dtype), rate.dtype) / (1 - rate)
        # Whole matrices are multiplied here: not where the dropout is off.
        return ops.cond(
            rate > 0,
            lambda: sum(t * keep[i] for i, t in enumerate(terms)),
            lambda: sum(terms[1:], terms[0]),
        )

    def summands(self):
        return list(self.parts)

    def resized(self, compression):
        *bases, last = self.parts
        # A base whose size is free takes half of the parameters.
        bases = [b if b.has_settled_size else b.resized(2 * compression) for b in bases]
        return type(self)([*bases, last.resized(compression)], seed=self.seed)

    def describe(self):
        return " + ".join(part.describe() for part in self.parts)

    def _fit(self, w):
        error = np.inf
        for fits in self._sweeps(w, _MAX_SWEEPS):
            previous, error = error, np.linalg.norm(w - sum(fits))
            if not error < previous * (1 - TOLERANCE):
                break

    def _fit_weighted(self, w, weighting):
        best, weights = np.inf, self.get_weights()
        for fits in self._sweeps(w, _MAX_WEIGHTED_SWEEPS, weighting):
            cost = weighting.cost(w - sum(fits))
            if not cost < best * (1 - TOLERANCE):
                break
            best, weights = cost, self.get_weights()
        self.set_weights(weights)

    def _sweeps(self, w, count, weighting=None):
        """Fits each term to what the others leave, and gives the terms after each sweep."""
        fits = [np.zeros_like(w) for _ in self.parts]
        for _ in range(count):
            for i, part in enumerate(self.parts):
                rest = w - sum(f for j, f in enumerate(fits) if j != i)
                fits[i] = part.fit(rest, weighting).to_numpy()
            yield fits

    def warm_start(self, w):
        rest = self._checked(w)
        for part in sorted(self.parts, key=lambda p: p.is_sparse):
            part.warm_start(rest)
            rest = rest - part.to_numpy()
        return self

    @property
    def weights(self):
        rate = getattr(self, "dropout_rate", None)
        return [weight for weight in super().weights if weight is not rate]

    # Keras leaves the states of random seeds out; with them, resumed training is the same training.
    def save_own_variables(self, store):
        store["seed_state"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        # Older files hold the dropout rate too, as "0".
        if "seed_state" in store:
            self.seed_generator.state.assign(store["seed_state"])

    def copy(self, **overrides):
        config = {"seed": self.seed, "dtype": self.dtype_policy, **overrides}
        return type(self)(self.parts, **config)

    def get_config(self):
        parts = [keras.saving.serialize_keras_object(p) for p in self.parts]
        return {**super().get_config(), "parts": parts, "seed": self.seed}


def _by_term(sums):
    """The first terms of equal sums, the second ones, ..."""
    return list(zip(*(one.parts for one in sums), strict=True))


def _sum_of(structures):
    """One sum of all terms; sums among them are taken apart."""
    return Sum([summand for structure in structures for summand in structure.summands()])


Structure._sum_of = staticmethod(_sum_of)
