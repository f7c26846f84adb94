"""Training interrupted and resumed by `BackupAndRestore` gives the same result, bit for bit."""

import numpy as np
import pytest

BACKENDS = ["tensorflow", "jax"]
# The run it must equal, the resumed run, and the steps of these.
RUNS = [
    ("whole", "epochs", 20),  # with co-matrix dropout
    ("replayed", "batches_before", 22),
    ("replayed", "batches_after", 22),
]


def _weights(results, run):
    prefix = f"{run}/weights/"
    return {k.removeprefix(prefix): v for k, v in results.items() if k.startswith(prefix)}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("whole", "resumed", "steps"), RUNS, ids=[run[1] for run in RUNS])
def test_resumed_run_equals_the_whole_one(results, backend, whole, resumed, steps):
    found = results[backend]
    assert found[f"{resumed}/steps"] == steps
    expected, received = _weights(found, whole), _weights(found, resumed)
    assert len(expected) > 3
    assert list(received) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(received[name], value, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
def test_runs_differ_where_they_should(results, backend):
    """Or equal results would say nothing: noise and steps do change the weights."""
    whole, replayed = (_weights(results[backend], run) for run in ("whole", "replayed"))
    assert np.max(np.abs(whole["00_bias"] - replayed["00_bias"])) > 1e-4


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("run", ["epochs", "batches_before", "batches_after"])
def test_target_density_is_met(results, backend, run):
    masks = [v for v in _weights(results[backend], run).values() if v.dtype == bool]
    assert masks
    for mask in masks:
        assert mask.sum() == round(0.1 * mask.size)
