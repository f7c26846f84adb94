"""The scale of the factors."""

import keras
import numpy as np
import pytest
from keras import ops

from lrkeras.structures.factor_initializer import FactorInitializer

SHAPE = (300, 700)
INITIALIZERS = [
    *(
        getattr(keras.initializers, name + kind)(seed=1)
        for name in ("Glorot", "He", "Lecun")
        for kind in ("Uniform", "Normal")
    ),
    keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal", seed=1),
    keras.initializers.RandomNormal(0.3, 0.2, seed=1),
    keras.initializers.TruncatedNormal(0.1, 0.2, seed=1),
    keras.initializers.RandomUniform(-0.1, 0.3, seed=1),
    keras.initializers.Orthogonal(0.5, seed=1),
    keras.initializers.Identity(2.0),
    keras.initializers.Zeros(),
    keras.initializers.Ones(),
    keras.initializers.Constant(0.3),
    lambda shape, dtype=None: ops.full(shape, 0.2, dtype),
]


@pytest.mark.parametrize("initializer", INITIALIZERS, ids=lambda one: type(one).__name__)
def test_variance_is_that_of_what_the_initialiser_makes(initializer):
    sample = np.asarray(ops.convert_to_numpy(initializer(SHAPE, dtype="float32")), np.float64)
    found = FactorInitializer.get(initializer, SHAPE).variance
    np.testing.assert_allclose(found, np.mean(sample**2), rtol=0.01)
