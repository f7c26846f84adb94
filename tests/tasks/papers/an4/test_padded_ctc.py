"""CTC of padded utterances against the sum over all paths."""

import itertools

import numpy as np
import pytest
from keras import ops
from scipy.special import log_softmax, logsumexp

from lrkeras.tasks.papers.an4.padded_ctc import PaddedCTC


def by_hand(logits, outputs):
    """Minus the log-probability of all paths that say the outputs, one by one."""
    steps = log_softmax(logits.astype(np.float64), axis=-1)
    found = []
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        merged = [o for o, before in zip(path, (None, *path), strict=False) if o != before]
        if [o for o in merged if o != 0] == outputs:
            found.append(sum(steps[t, o] for t, o in enumerate(path)))
    return -logsumexp(found)


def test_padding_does_not_count():
    logits = np.random.default_rng(3).normal(size=(2, 6, 3)).astype(np.float32)
    targets = np.array([[6, 1, 1, 2], [4, 2, 0, 0]], np.int32)
    found = ops.convert_to_numpy(PaddedCTC(reduction=None)(targets, logits))
    assert found[0] == pytest.approx(by_hand(logits[0], [1, 1, 2]), rel=1e-5)
    assert found[1] == pytest.approx(by_hand(logits[1, :4], [2]), rel=1e-5)
