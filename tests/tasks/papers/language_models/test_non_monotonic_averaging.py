"""When the averaging of weights starts."""

import types

import pytest

from lrkeras.tasks.papers.language_models.non_monotonic_averaging import NonMonotonicAveraging


def start_epoch(perplexities, patience, tmp_path):
    """The epoch, from 0 on, at whose end the averaging starts; None for never."""
    callback, started = NonMonotonicAveraging(patience, tmp_path / "history.csv"), []
    optimizer = types.SimpleNamespace(is_averaging=False)

    def start(variables):
        optimizer.is_averaging = True
        started.append(epoch)

    optimizer.start = start
    callback.set_model(types.SimpleNamespace(optimizer=optimizer, trainable_variables=[]))
    callback.on_train_begin()
    for epoch, perplexity in enumerate(perplexities):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, {"val_perplexity": perplexity})
    return started[0] if started else None


def published(perplexities, patience):
    """The condition of the AWD-LSTM code: `nonmono` is the patience, the current one comes last."""
    for epoch, value in enumerate(perplexities):
        earlier = perplexities[:epoch]
        if len(earlier) > patience and value > min(earlier[:-patience]):
            return epoch
    return None


@pytest.mark.parametrize(
    ("perplexities", "patience", "expected"),
    [
        # 225 and 220 are compared with 300 alone; 210 with 200 too.
        ([300, 200, 250, 220, 230, 225, 220], 5, None),
        ([300, 200, 250, 220, 230, 225, 220, 210], 5, 7),
        ([300, 290, 280, 270, 260, 250, 240, 230], 5, None),
        ([300, 310], 1, None),
        ([300, 310, 305], 1, 2),
        ([5, 6], 3, None),
    ],
)
def test_starts_where_the_published_code_does(tmp_path, perplexities, patience, expected):
    assert published(perplexities, patience) == expected
    assert start_epoch(perplexities, patience, tmp_path) == expected


def test_without_patience_every_earlier_epoch_counts(tmp_path):
    assert start_epoch([300, 200, 250], 0, tmp_path) == 2
    assert start_epoch([300, 200, 150], 0, tmp_path) is None


def test_epochs_before_a_stop_count(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,val_perplexity\n0,300\n1,200\n2,250\n")
    callback = NonMonotonicAveraging(1, tmp_path / "history.csv")
    callback.on_train_begin()
    callback.on_epoch_begin(2)  # the third epoch was not backed up
    assert callback._seen == [300, 200]
