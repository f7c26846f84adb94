"""For every test: a fixed seed, and the TensorFlow backend unless another one is asked for."""

import collections
import gc
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Ray's workers leave the cores to others; here these are other tests, and somebody waits for both.
os.environ.setdefault("RAY_worker_niceness", "0")
if os.environ["KERAS_BACKEND"] == "jax":
    os.environ.setdefault("JAX_ENABLE_X64", "1")  # the contract tests compare in float64

import keras
import pytest
from hypothesis import settings

pytest_plugins = ["parity_distribution", "seconds_by_file"]

# The same examples at every run, so that a change is blamed for what it broke and nothing else;
# `--hypothesis-profile=explore` draws new ones.
settings.register_profile("repeatable", derandomize=True)
settings.register_profile("explore", max_examples=1000)
settings.load_profile("repeatable")


# Of the cases of a test in a `sampled` file, every so many run always, the first among them.
_SAMPLED = 4


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    cases = collections.Counter()
    for item in items:
        if item.get_closest_marker("sampled"):
            test = item.nodeid.partition("[")[0]
            if cases[test] % _SAMPLED:
                item.add_marker("slow")
            cases[test] += 1


def pytest_collection_finish(session):
    _freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    yield
    if nextitem is None or nextitem.path != item.path:
        _freeze()


def _freeze():
    """Leaves what is alive out of later collections of garbage.

    Each conversion collects, and what TensorFlow and Keras keep of earlier tests makes that take
    seconds in the end.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _fixed_seed():
    keras.utils.set_random_seed(0)
