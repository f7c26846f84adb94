"""What the names mean."""

import dataclasses
import math

import keras
import pytest

from lrkeras import callbacks, layers, structures
from lrkeras.tasks import TASKS
from lrkeras.tasks.papers.language_models.config import BASES
from lrkeras.tasks.papers.language_models.rows import LISTED, config_of
from lrkeras.tasks.training.structure_callbacks import structure_callbacks


def test_every_listed_name_is_a_run_of_its_own():
    configs = {name: TASKS["papers"].PRESETS[name] for name in LISTED}
    assert len({(c.row, repr(c)) for c in configs.values()}) == len(LISTED) > 150
    assert all(config.row == name for name, config in configs.items())
    assert set(BASES) <= set(LISTED)
    for config in configs.values():
        assert 0 <= config.anneal[0] < config.anneal[1] < 1


@pytest.mark.parametrize(
    ("base", "epochs", "units", "last_rate"),
    [
        # 13 epochs, halved from the fifth on; 39, times 0.8 from the seventh; 55, by 1.15.
        ("ptb_small", 13, 200, 0.5**9),
        ("ptb_medium", 39, 650, 0.8**33),
        ("ptb_large", 55, 1500, 1.15**-41),
    ],
)
def test_baselines_have_the_schedules_of_the_tutorial(base, epochs, units, last_rate):
    config = config_of(base)
    assert (config.epochs, config.units) == (epochs, (units, units))
    scale = config.window  # the tutorial's loss is summed over the window
    first = config.rate_of(config.constant_epochs - 1) / scale
    assert first == config.rate_of(0) / scale == 1
    assert config.rate_of(config.constant_epochs) / scale == pytest.approx(config.decay)
    assert config.rate_of(epochs - 1) / scale == pytest.approx(last_rate)
    assert config.mean_clip_norm * scale == (10 if base == "ptb_large" else 5)


def test_fewer_epochs_end_at_the_same_rate():
    whole, cut = config_of("ptb_medium"), config_of("ptb_medium_e13")
    assert (cut.epochs, cut.constant_epochs) == (13, 2)
    assert cut.rate_of(12) == pytest.approx(whole.rate_of(38))


def test_the_rate_of_few_epochs_does_not_fall_to_nothing():
    config = config_of("ptb_medium_e4")
    rates = [config.rate_of(epoch) / config.window for epoch in range(4)]
    assert rates == pytest.approx([1, 0.5, 0.25, 0.125])
    large = config_of("ptb_awd_e3")
    assert large.rate_of(2) == large.rate_of(0)  # a rate that stays the same does so


def test_options_of_a_name():
    config = config_of("ptb_small_doped_kronecker_20x_1x16_element_bytes_dropout0.3_power2")
    assert (config.method, config.compression, config.block) == ("doped_kronecker", 20, (1, 16))
    assert (config.counted, config.co_matrix_dropout) == ("element_bytes", 0.3)
    assert config.anneal_power == 2
    config = config_of("ptb_rhn_small_doped_monarch_5x_window10to70_float32")
    assert (config.base, config.method, config.anneal) == (
        "ptb_rhn_small",
        "doped_monarch",
        (0.1, 0.7),
    )
    assert config.precision == config.output_precision == "float32"
    tuned = config_of("ptb_small_pruned_input_r50")
    assert (tuned.where, tuned.rank, tuned.is_started, tuned.epochs) == ("input", 50, True, 3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("small", "begins with one of"),
        ("ptb_small_doped_kronecker_25y", "received '25y'"),
        ("ptb_small_low_rank", "a size such as 20x"),
        ("ptb_small_svd_input", "a rank such as r50"),
        ("ptb_small_small_dense_900000x", "No width"),
        ("ptb_small_units", "a size such as 20x"),
        ("ptb_awd_units_2x", "a base without recurrent dropout"),
    ],
)
def test_names_that_mean_nothing(name, message):
    with pytest.raises(ValueError, match=message):
        config_of(name)
    assert name not in TASKS["papers"].PRESETS


def test_small_dense_has_the_numbers_of_what_is_compressed():
    from lrkeras.tasks.papers.language_models.model import dense_parameters

    whole = dense_parameters(config_of("ptb_small"))
    assert whole == 2 * (4 * 200 * 400 + 4 * 200)
    for ratio in (2, 5, 10, 20):
        narrow = config_of(f"ptb_small_small_dense_{ratio}x")
        h = narrow.units[0]
        assert dense_parameters(narrow) == 4 * h * (200 + h + 1) + 4 * h * (2 * h + 1)
        wider = 4 * (h + 1) * (202 + h) + 4 * (h + 1) * (2 * h + 3)
        assert dense_parameters(narrow) <= whole / ratio < wider


def test_options_of_the_schedule():
    config = config_of("ptb_small_low_rank_20x_hold7_decay0.7_iodropout0.25")
    rates = [config.rate_of(epoch) / config.window for epoch in range(9)]
    assert rates == pytest.approx([1] * 7 + [0.7, 0.49])
    assert config.dropout == (0.25, 0.25, 0.25)
    dropped = config_of("ptb_small_doped_kronecker_20x_dropout0.3until0.8")
    assert (dropped.co_matrix_dropout, dropped.co_matrix_dropout_until) == (0.3, 0.8)
    assert config_of("ptb_small_doped_kronecker_20x_dropout0.3").co_matrix_dropout_until is None


def test_a_row_may_learn_from_the_dense_run():
    config = config_of("ptb_small_low_rank_5x_taught0.5")
    assert (config.teacher_weight, config.needs_dense, config.is_started) == (0.5, True, False)
    assert not config_of("ptb_small_low_rank_5x").needs_dense
    for name, message in (
        ("taught1.5", "share of 0 to 1"),
        ("small_dense_2x_taught1.5", "share of 0 to 1"),
        ("units_2x_taught0.5", "Leave taught"),
    ):
        with pytest.raises(ValueError, match=message):
            config_of(f"ptb_small_{name}")


def test_sparse_parts_may_share_their_entries():
    config = config_of("ptb_small_doped_kronecker_20x_dropout0_pooled")
    assert config == dataclasses.replace(
        config_of("ptb_small_doped_kronecker_20x_dropout0"), pooled=True, row=config.row
    )
    for name, message in (
        ("low_rank_5x_pooled", "pooled with sparse parts"),
        ("pooled", "pooled with sparse parts"),
        ("pruned_input_r50_pooled", "each by itself"),
    ):
        with pytest.raises(ValueError, match=message):
            config_of(f"ptb_small_{name}")


def test_co_matrix_dropout_ends_at_a_sparsity():
    """A line from 0 to the target over 100 steps crosses 0.4 where it is 0.4 / target there."""
    layer = layers.LSTM(8, joint_structure=structures.doped("low_rank", compression=4))
    model = keras.Sequential([keras.Input((None, 8)), layer])
    (target,) = {
        part.target_sparsity for part in structures.find_structures(model, structures.Sparse)
    }
    config = dataclasses.replace(
        config_of("tiny_doped_low_rank_4x_power1_dropout0.3"), anneal=(0.0, 1.0)
    )

    def last_step(until):
        found = structure_callbacks(model, config, 100, dropout_until=until)
        dropout = next(one for one in found if isinstance(one, callbacks.CoMatrixDropout))
        rates = [dropout.rate(step) for step in range(101)]
        assert set(rates) <= {0.0, 0.3} and rates == sorted(rates, reverse=True)
        return rates.index(0.0)

    assert 0.4 < target < 1
    assert last_step(0.4) == math.ceil(100 * 0.4 / target)
    assert last_step(None) == last_step(0.99) == 100
