import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrkeras.tasks.word_prediction.token_windows import TokenWindows


def all_batches(windows):
    return [windows[i] for i in range(windows.num_batches)]


@settings(deadline=None, max_examples=50)
@given(length=st.integers(1, 200), window=st.integers(1, 9), batch_size=st.integers(1, 6))
def test_validation_covers_every_token_once_and_in_order(length, window, batch_size):
    ids = np.arange(100, 100 + length)
    windows = TokenWindows(ids, window=window, batch_size=batch_size, first_id=7)
    inputs, targets, weights = (
        np.concatenate([batch[k].ravel() for batch in all_batches(windows)]) for k in range(3)
    )
    kept = weights == 1
    np.testing.assert_array_equal(targets[kept], ids)
    np.testing.assert_array_equal(inputs[kept], [7, *ids[:-1]])
    assert np.all(weights[~kept] == 0)
    assert len(targets) - length < window


@settings(deadline=None, max_examples=50)
@given(
    window=st.integers(1, 9),
    batch_size=st.integers(1, 6),
    spare=st.integers(0, 60),
    seed=st.integers(0, 9),
)
def test_training_windows_are_distinct_pieces_of_the_stream(window, batch_size, spare, seed):
    ids = np.arange(window * (batch_size + 1) + spare)
    windows = TokenWindows(ids, window=window, batch_size=batch_size, first_id=-1, seed=seed)
    inputs, targets = (np.concatenate(parts) for parts in zip(*all_batches(windows), strict=True))
    assert inputs.shape == targets.shape == (windows.num_batches * batch_size, window)
    np.testing.assert_array_equal(inputs, targets - 1)
    np.testing.assert_array_equal(np.diff(targets, axis=1), 1)
    assert len(np.unique(targets)) == targets.size


def test_an_epoch_may_be_shorter_or_longer_than_the_text():
    sizes = {"window": 5, "batch_size": 2, "first_id": 0, "seed": 3}
    ids = np.arange(101)
    one_pass = TokenWindows(ids, **sizes)
    whole = [one_pass[i][1] for i in range(9)]
    assert one_pass.num_batches == 9
    short = TokenWindows(ids, steps_per_epoch=4, **sizes)
    seen = []
    for epoch in range(3):
        short.epoch = epoch
        seen += [batch[1] for batch in all_batches(short)]
    np.testing.assert_array_equal(seen[:9], whole)
    # The second pass is shuffled anew.
    assert not np.array_equal(seen[9:12], whole[:3])


def test_batches_depend_on_seed_epoch_and_index_only():
    sizes = {"window": 4, "batch_size": 3, "first_id": 0, "steps_per_epoch": 5}
    ids = np.arange(400)
    first, second, other = (TokenWindows(ids, seed=s, **sizes) for s in (1, 1, 2))
    first.epoch = second.epoch = other.epoch = 2
    np.testing.assert_array_equal(first[3], second[3])
    assert not np.array_equal(first[3], other[3])


def test_hidden_words_are_inputs_alone():
    sizes = {"window": 10, "batch_size": 20, "first_id": 5, "seed": 1}
    ids = np.arange(5, 10_005)
    plain = TokenWindows(ids, **sizes)
    hiding, again = (TokenWindows(ids, unknown_id=2, unknown_rate=0.2, **sizes) for _ in range(2))
    inputs, targets = (np.concatenate(part) for part in zip(*all_batches(hiding), strict=True))
    expected = np.concatenate([batch[0] for batch in all_batches(plain)])
    np.testing.assert_array_equal(targets, np.concatenate([b[1] for b in all_batches(plain)]))
    hidden = inputs == 2
    assert hidden.mean() == pytest.approx(0.2, abs=0.02)
    np.testing.assert_array_equal(inputs[~hidden], expected[~hidden])
    np.testing.assert_array_equal(hiding[7], again[7])
    assert not np.array_equal(hiding[0][0] == 2, hiding[1][0] == 2)


def test_too_little_text():
    with pytest.raises(ValueError, match=r"at least 30 tokens .* received 29"):
        TokenWindows(np.arange(29), window=10, batch_size=2, first_id=0, seed=0)
    with pytest.raises(ValueError, match=r"at least 1 token"):
        TokenWindows(np.arange(0), window=10, batch_size=2, first_id=0)
