"""Changes to cepstra."""

import dataclasses

import numpy as np

from lrkeras.tasks.papers.an4.augmentation import at_tempo, changed
from lrkeras.tasks.papers.an4.config import AN4Config

UNCHANGED = AN4Config(tempo=0, shift=0, noise=0, masked_frames=0, masked_coefficients=0)
rng = np.random.default_rng(2)
CEPSTRA = rng.normal(size=(120, 13)).astype(np.float32)
MOMENTS = (np.full(13, 7.0), np.arange(1.0, 14.0))


def change(seed, **changes):
    config = dataclasses.replace(UNCHANGED, **changes)
    return changed(CEPSTRA, config, MOMENTS, np.random.default_rng(seed))


def test_nothing_asked_for_changes_nothing():
    np.testing.assert_allclose(change(0), CEPSTRA, rtol=1e-6)


def test_twice_the_tempo_keeps_a_line():
    line = np.linspace(0, 9, 10)[:, None] * [1.0, -2.0]
    np.testing.assert_allclose(at_tempo(line, 2.0), np.linspace(0, 9, 5)[:, None] * [1.0, -2.0])
    assert len(at_tempo(line, 0.5)) == 20
    assert at_tempo(line[:1], 0.8).shape == (1, 2)


def test_a_shift_is_the_same_in_all_frames_and_of_the_asked_size():
    shifts = [(change(seed, shift=0.2) - CEPSTRA) / MOMENTS[1] for seed in range(300)]
    assert max(np.ptp(one, axis=0).max() for one in shifts) < 1e-5
    # 3,900 draws: the standard error of their deviation is 0.2 / sqrt(7,800).
    assert abs(np.std([one[0] for one in shifts]) - 0.2) < 0.01


def test_hidden_parts_have_the_mean():
    for seed in range(50):
        hidden = change(seed, masked_frames=9, masked_coefficients=2) != CEPSTRA
        assert (change(seed, masked_frames=9, masked_coefficients=2)[hidden] == 7).all()
        whole_frames, whole_columns = hidden.all(1), hidden.all(0)
        assert whole_frames.sum() <= 18
        assert whole_columns.sum() <= 2
        assert (hidden == (whole_frames[:, None] | whole_columns)).all()
