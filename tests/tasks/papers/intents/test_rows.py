"""What the names of intents and slots mean."""

import pytest

from lrkeras.tasks import TASKS
from lrkeras.tasks.papers.intents import rows
from lrkeras.tasks.papers.intents.intent_config import IntentConfig
from lrkeras.tasks.papers.intents.rows import config_of, dense_parameters


def test_every_listed_name_is_a_run_of_intents():
    for name in rows.LISTED:
        config = TASKS["papers"].PRESETS[name]
        assert isinstance(config, IntentConfig)
        assert config.row == name
    # Dense and seven kinds in three sizes, of four corpora; with co-matrix dropout; tiny.
    assert len(set(rows.LISTED)) == len(rows.LISTED) == 4 * (1 + 7 * 3) + 3 + 1


def test_options_of_a_name():
    config = config_of("clinc150_doped_kronecker_10x_dropout0_window10to70")
    assert (config.corpus, config.method) == ("clinc150", "doped_kronecker")
    assert (config.compression, config.co_matrix_dropout) == (10, 0)
    assert config.anneal == (0.1, 0.7)
    assert config_of("snips_doped_kronecker_5x").co_matrix_dropout == 0.2


def test_all_rows_of_a_corpus_are_trained_alike_but_for_the_rate():
    same = (
        "corpus",
        "epochs",
        "batch_size",
        "warmup_steps",
        "weight_decay",
        "clip_norm",
        "dropout",
    )
    for base in ("atis", "snips", "clinc150", "banking77"):
        configs = [config_of(name) for name in rows.rows_of(base)]
        assert len({tuple(getattr(c, key) for key in same) for c in configs}) == 1
        for config in configs:
            assert config.learning_rate in (4e-3, 8e-3, 16e-3, 32e-3)


def test_a_rate_that_is_named_is_that_of_the_base():
    assert config_of("snips_hybrid_5x_rate0.5").learning_rate == pytest.approx(2e-3)
    assert config_of("snips_rate2").learning_rate == pytest.approx(8e-3)


def test_small_dense_has_the_numbers_of_what_is_compressed():
    whole = dense_parameters(config_of("snips"))
    assert whole == 2 * (4 * 128 * (64 + 128) + 4 * 128)
    for size in (2, 5, 10):
        h = config_of(f"snips_small_dense_{size}x").units
        assert 8 * h * (64 + h + 1) <= whole / size < 8 * (h + 1) * (64 + h + 2)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("trips", "begins with one of"),
        ("snips_hybrid", "a size such as 5x"),
        ("snips_svd_recurrent_r5", "received 'svd'"),
        ("snips_hybrid_5x_recurrent", "one for where"),
        ("snips_hybrid_5x_started", "one for is_started"),
        ("snips_pruned_r5", "one for rank"),
        ("snips_small_dense_90000x", "No width"),
    ],
)
def test_names_that_mean_nothing(name, message):
    with pytest.raises(ValueError, match=message):
        config_of(name)
    assert name not in TASKS["papers"].PRESETS
