import numpy as np
import pytest

from lrkeras.tasks.papers.elmo.text_windows import TextWindows


def made(words=203, **changes):
    given = {"num_words": 40, "unknown_id": 0, "window": 10, "batch_size": 4, "negatives": 8}
    ids = np.arange(words) % 60
    characters = np.arange(60)[:, None] * np.ones((1, 3), int)
    return TextWindows(ids, characters, seed=1, **(given | changes)), ids


def test_windows_are_stretches_of_the_text():
    batches, ids = made(words=600, num_words=60)
    text = ids.tolist()
    for index in range(batches.num_batches):
        (characters, words, drawn), targets = batches[index]
        assert characters.shape == (4, 10, 3) and drawn.shape == (4, 2)
        np.testing.assert_array_equal(characters[..., 0], words)
        np.testing.assert_array_equal(words, targets)
        for row in words.tolist():
            assert any(text[at : at + 10] == row for at in range(60))
    assert batches.num_batches == (60 - 1) // 4


def test_rare_words_are_read_but_not_predicted():
    batches, _ = made()
    (characters, words, _), _ = batches[0]
    read = characters[..., 0]
    np.testing.assert_array_equal(words, np.where(read < 40, read, 0))
    assert (read >= 40).any()


def test_an_epoch_has_an_order_of_its_own_and_always_the_same():
    first, again = made()[0], made()[0]
    np.testing.assert_array_equal(first[1][1], again[1][1])
    again.epoch = 1
    assert not np.array_equal(first[1][1], again[1][1])


def test_every_word_is_in_one_window_of_an_epoch_at_most():
    ids = np.arange(500)
    batches = TextWindows(
        ids,
        np.zeros((500, 3), int),
        num_words=500,
        unknown_id=0,
        window=10,
        batch_size=4,
        negatives=4,
        seed=2,
    )
    read = np.concatenate([batches[n][1].ravel() for n in range(batches.num_batches)])
    assert len(np.unique(read)) == len(read)


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="at least 50 words"):
        made(words=49)
    with pytest.raises(ValueError, match="divide"):
        made(negatives=7)
