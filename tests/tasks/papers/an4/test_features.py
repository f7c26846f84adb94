"""Slopes and stacked frames."""

import numpy as np
import pytest

from lrkeras.tasks.papers.an4.features import stacked, steps_of, with_slopes

rng = np.random.default_rng(1)


def test_slopes_are_those_of_the_line_through_five_frames():
    cepstra = rng.normal(size=(9, 3))
    found = with_slopes(cepstra)
    np.testing.assert_array_equal(found[:, :3], cepstra)
    for t in range(2, 7):
        for k in range(3):
            line = np.polyfit(range(5), cepstra[t - 2 : t + 3, k], 1)
            assert found[t, 3 + k] == pytest.approx(line[0])


def test_ends_go_on():
    cepstra = np.array([[1.0], [2.0], [4.0]])
    # (1 (c[1] - c[0]) + 2 (c[2] - c[0])) / 10, and so on.
    expected = [(1 + 2 * 3) / 10, (1 * 3 + 2 * 3) / 10, (1 * 2 + 2 * 3) / 10]
    np.testing.assert_allclose(with_slopes(cepstra)[:, 1], expected)


def test_frames_are_joined_in_order():
    frames = np.arange(16).reshape(8, 2)
    np.testing.assert_array_equal(
        stacked(frames, 3, first=1), [[2, 3, 4, 5, 6, 7], [8, 9, 10, 11, 12, 13]]
    )
    assert steps_of(np.zeros((8, 13)), 3).shape == (2, 78)
