"""Names of rows."""

import pytest

from lrkeras.tasks.papers import PRESETS
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.rows import BASES, LISTED, config_of


def test_every_listed_name_is_a_preset_of_its_own_config():
    assert len(LISTED) == len(set(LISTED)) == 12
    for name in LISTED:
        config = PRESETS[name]
        assert isinstance(config, AN4Config)
        assert config.row == name
        assert name in list(PRESETS)


def test_options():
    base = BASES["an4"]
    config = config_of("an4_low_rank_4x_rate0.5_e12")
    assert (config.method, config.compression, config.epochs) == ("low_rank", 4.0, 12)
    # Such short runs choose a rate, by the validation speakers.
    assert base.reads_test
    assert not config.reads_test
    assert config.learning_rate == pytest.approx(0.5 * base.learning_rate)
    assert (config.units, config.dropout) == (base.units, base.dropout)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("an4_low_rank", "both a method and a size"),
        ("an4_4x", "both a method and a size"),
        ("an4_low_rank_4x_1x16", "option of block"),
        ("an4_pruned_4x", "received 'pruned'"),
        ("ptb_small", "begins with one of"),
    ],
)
def test_other_names_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        config_of(name)
    assert name == "ptb_small" or name not in PRESETS
