"""For every test: a fixed seed, and the TensorFlow backend unless another one is asked for."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
if os.environ["KERAS_BACKEND"] == "jax":
    os.environ.setdefault("JAX_ENABLE_X64", "1")  # the contract tests compare in float64

import keras
import pytest
from hypothesis import settings

pytest_plugins = ["parity_distribution"]

# The same examples at every run, so that a change is blamed for what it broke and nothing else;
# `--hypothesis-profile=explore` draws new ones.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", max_examples=1000)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _fixed_seed():
    keras.utils.set_random_seed(0)
