"""TensorFlow and JAX train the same models to the same weights, and resume alike.

`BackupAndRestore` goes on to the same result, bit for bit. One file, so that the script runs once.
"""

import numpy as np
import pytest


def _slow(*values):
    """What the script trains only if it is asked for all."""
    return pytest.param(*values, marks=pytest.mark.slow)


CASES = ["structured/adam", _slow("shared/sgd"), _slow("doped/momentum"), "doped/adam"]
DOPED = CASES[2:]
BACKENDS = ["tensorflow", "jax"]
# The run it must equal, the resumed run, and the steps of these.
RUNS = [
    ("whole", "epochs", 20),  # with co-matrix dropout
    _slow("replayed", "batches_before", 22),
    _slow("replayed", "batches_after", 22),
]


def _of(results, case):
    """What one backend wrote for a model, without the prefix of the case."""
    prefix = f"{case}/"
    found = {key.removeprefix(prefix): results[key] for key in results if key.startswith(prefix)}
    assert found
    return found


@pytest.mark.parametrize("case", CASES)
def test_losses_agree(results, case):
    ours, theirs = (_of(results[backend], case)["losses"] for backend in BACKENDS)
    assert ours.shape == (10,)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_weights_agree_and_have_moved(results, case):
    ours, theirs = (_of(results[backend], case) for backend in BACKENDS)
    assert list(ours) == list(theirs)
    names = [name for name in ours if name.startswith("weights/")]
    assert len(names) > 5
    for name in names:
        if ours[name].dtype == bool:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
            continue
        # Ten steps of float32; weights are near 0.4.
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-5, rtol=1e-5, err_msg=name)
        if not name.endswith("dropout_rate"):
            moved = np.max(np.abs(ours[name] - ours[f"initial_{name}"]))
            assert moved > 1e-3, f"{name} was not trained"


@pytest.mark.parametrize("case", DOPED)
def test_sparse_parts_end_at_their_density(results, case):
    for backend in BACKENDS:
        masks = [v for k, v in _of(results[backend], case).items() if k.endswith("_mask")]
        masks = [mask for mask in masks if mask.dtype == bool and not mask.all()]
        # Four gates of an LSTM by element, 14 x 8; two micro-steps of an RHN by blocks, 2 x 8.
        assert sorted(mask.shape for mask in masks) == [(2, 8)] * 2 + [(14, 8)] * 4
        assert sorted(int(mask.sum()) for mask in masks) == [2] * 2 + [11] * 4


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", DOPED)
def test_masked_values_are_zero_at_every_batch_end(results, backend, case):
    found = _of(results[backend], case)
    count = found["masked_count"]
    assert (np.diff(count) >= 0).all()
    assert count[0] == 0
    assert count[-1] == 4 * (112 - 11) + 2 * 8 * (16 - 2)
    np.testing.assert_array_equal(found["masked_after"], 0)
    # Before the callback, what the optimiser remembers has moved them.
    assert found["masked_before"].max() > 1e-4


def _weights(results, run):
    return _of(results, f"{run}/weights")


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("whole", "resumed", "steps"), RUNS, ids=["epochs", "before", "after"])
def test_resumed_run_equals_the_whole_one(results, backend, whole, resumed, steps):
    found = results[backend]
    assert found[f"{resumed}/steps"] == steps
    expected, received = _weights(found, whole), _weights(found, resumed)
    assert len(expected) > 3
    assert list(received) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(received[name], value, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_runs_differ_where_they_should(results, backend):
    """Or equal results would say nothing: noise and steps do change the weights."""
    whole, replayed = (_weights(results[backend], run) for run in ("whole", "replayed"))
    assert np.max(np.abs(whole["00_bias"] - replayed["00_bias"])) > 1e-4


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("run", ["epochs", _slow("batches_before"), _slow("batches_after")])
def test_target_density_is_met(results, backend, run):
    masks = [v for v in _weights(results[backend], run).values() if v.dtype == bool]
    assert masks
    for mask in masks:
        assert mask.sum() == round(0.1 * mask.size)
