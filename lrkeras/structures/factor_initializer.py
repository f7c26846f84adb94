"""Initial values of the factors of a structured matrix."""

import itertools
import math

import keras
import numpy as np


class FactorInitializer:
    """Gives the factors of a matrix a scale so that the matrix has a given second moment.

    Args:
        variance: Second moment E[w^2] that the entries of the whole matrix shall have.
        seeds: Iterator of integer seeds, one for each factor.
    """

    def __init__(self, variance, seeds):
        self.variance = variance
        self.seeds = seeds

    @classmethod
    def get(cls, initializer, shape):
        """From a Keras initialiser (or its name) of a dense matrix of `shape`."""
        if isinstance(initializer, cls):
            return initializer
        initializer = keras.initializers.get(initializer)
        return cls(second_moment(initializer, shape), _seeds(initializer))

    def scaled(self, share):
        """The same seeds for a part that shall have `share` of the variance."""
        return FactorInitializer(self.variance * share, self.seeds)

    def normal(self, variance):
        """A normal initialiser for one factor whose entries shall have this variance."""
        return keras.initializers.RandomNormal(stddev=math.sqrt(variance), seed=next(self.seeds))

    def product(self, terms=1, unit=1.0):
        """Two initialisers for `left`, `right` whose product sums over `terms` terms.

        What they make is `unit` times too large each, for a product that is divided by `unit**2`.
        """
        if self.variance == 0:
            # Both factors at zero would never leave it: gradients are products too.
            return self.normal(unit**2 / terms), keras.initializers.Zeros()
        variance = unit**2 * math.sqrt(self.variance / terms)
        return self.normal(variance), self.normal(variance)


def second_moment(initializer, shape):
    """E[w^2] of the matrices a Keras initialiser makes; of another one it is that of a sample.

    Keras builds a model that `fit` finds unbuilt while it traces, where samples have no values.
    """
    known = _SECOND_MOMENTS.get(type(initializer))
    if known is not None:
        return float(known(initializer, shape))
    sample = keras.ops.convert_to_numpy(initializer(shape, dtype="float32"))
    return float(np.mean(np.square(sample, dtype=np.float64)))


def _of_variance_scaling(initializer, shape):
    fans = {"fan_in": shape[0], "fan_out": shape[1], "fan_avg": sum(shape) / 2}
    return initializer.scale / max(1.0, fans[initializer.mode])


# Standard deviation of a unit normal that is cut at two of its own.
_CUT = 0.87962566103423978
_SECOND_MOMENTS = {
    keras.initializers.VarianceScaling: _of_variance_scaling,
    keras.initializers.GlorotUniform: _of_variance_scaling,
    keras.initializers.GlorotNormal: _of_variance_scaling,
    keras.initializers.HeUniform: _of_variance_scaling,
    keras.initializers.HeNormal: _of_variance_scaling,
    keras.initializers.LecunUniform: _of_variance_scaling,
    keras.initializers.LecunNormal: _of_variance_scaling,
    keras.initializers.RandomNormal: lambda i, _: i.mean**2 + i.stddev**2,
    keras.initializers.TruncatedNormal: lambda i, _: i.mean**2 + (_CUT * i.stddev) ** 2,
    keras.initializers.RandomUniform: lambda i, _: (
        (i.minval**2 + i.minval * i.maxval + i.maxval**2) / 3
    ),
    # Rows or columns of length `gain`.
    keras.initializers.Orthogonal: lambda i, shape: i.gain**2 / max(shape),
    keras.initializers.Identity: lambda i, shape: i.gain**2 / max(shape),
    keras.initializers.Zeros: lambda *_: 0,
    keras.initializers.Ones: lambda *_: 1,
    keras.initializers.Constant: lambda i, _: np.mean(np.square(i.value)),
}


def _seeds(initializer):
    seed = getattr(initializer, "seed", None)
    if not isinstance(seed, (int, np.integer)):
        seed = keras.initializers.RandomNormal().seed  # drawn as Keras draws its own
    return itertools.count(int(seed) + 1)
