"""What the names of translation mean, and how large the rows are."""

import pytest

from lrkeras.structures import Sparse, find_structures
from lrkeras.tasks import TASKS
from lrkeras.tasks.papers.translation import rows
from lrkeras.tasks.papers.translation.model import translator
from lrkeras.tasks.papers.translation.rows import config_of, dense_parameters
from lrkeras.tasks.papers.translation.training import recurrent_sizes
from lrkeras.tasks.papers.translation.translation_config import TranslationConfig


def test_every_listed_name_is_a_run_of_translation():
    for name in rows.LISTED:
        config = TASKS["papers"].PRESETS[name]
        assert isinstance(config, TranslationConfig)
        assert config.row == name
    # Dense and five kinds in two sizes, of two widths; with co-matrix dropout; tiny.
    assert len(set(rows.LISTED)) == len(rows.LISTED) == 2 * (1 + 5 * 2) + 2 + 1


def test_options_of_a_name():
    config = config_of("multi30k_256_doped_kronecker_20x_dropout0_window10to70")
    assert (config.base, config.units, config.method) == ("multi30k_256", 256, "doped_kronecker")
    assert (config.compression, config.co_matrix_dropout) == (20, 0)
    assert config.anneal == (0.1, 0.7)
    assert config_of("multi30k_doped_kronecker_10x").co_matrix_dropout == 0.2
    assert config_of("multi30k_hybrid_10x_rate0.5").learning_rate == pytest.approx(1e-3)


def test_runs_of_fewer_epochs_choose_and_do_not_read_the_test():
    assert config_of("multi30k_rate2").reads_test
    short = config_of("multi30k_rate2_e3")
    assert (short.epochs, short.reads_test) == (3, False)


def test_all_rows_of_a_base_are_trained_alike():
    same = ("corpus", "epochs", "batch_size", "learning_rate", "warmup_steps", "weight_decay")
    same = (*same, "clip_norm", "dropout", "embedding_dim", "num_pieces", "anneal")
    for base in ("multi30k", "multi30k_256"):
        configs = [config_of(name) for name in rows.rows_of(base)]
        assert len({tuple(getattr(c, key) for key in same) for c in configs}) == 1


def test_small_dense_has_the_numbers_of_what_is_compressed():
    whole = dense_parameters(config_of("multi30k"))
    # Encoder and decoder alike: 256 and 512 numbers to read, 512 states, a bias, four gates.
    assert whole == 2 * 4 * 512 * ((256 + 512 + 1) + (512 + 512 + 1))
    for size in rows.SIZES:
        h = config_of(f"multi30k_small_dense_{size}x").units
        numbers = [8 * u * ((256 + u + 1) + (u + u + 1)) for u in (h, h + 1)]
        assert numbers[0] <= whole / size < numbers[1]


@pytest.mark.parametrize("kind", ["pruned", "doped_kronecker", "low_rank", "hybrid"])
def test_rows_have_the_numbers_that_they_say(kind):
    config = config_of(f"multi30k_256_{kind}_10x")
    model = translator(config, 40)
    for part in find_structures(model, Sparse):
        part.prune()
    sizes = recurrent_sizes(model, config)
    wanted = 8 * 256 * ((256 + 256 + 1) + (256 + 256 + 1)) / 10
    # A rank more of a gate are 512 numbers of one factor and 256 of the other, in 16 gates.
    short = 0.005 * wanted if kind in ("pruned", "doped_kronecker") else 16 * (512 + 256)
    assert wanted - short < sizes["parameters"] <= wanted
    assert sizes["compression"] == 10 * wanted / sizes["parameters"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("multi31k", "begins with one of"),
        ("multi30k_hybrid", "both a method and a size"),
        ("multi30k_5x", "both a method and a size"),
        ("multi30k_units_5x", "received 'units'"),
        ("multi30k_hybrid_5x_recurrent", "one for where"),
        ("multi30k_hybrid_5x_started", "one for is_started"),
        ("multi30k_pruned_r5", "one for rank"),
        ("multi30k_small_dense_900000x", "No width"),
    ],
)
def test_names_that_mean_nothing(name, message):
    with pytest.raises(ValueError, match=message):
        config_of(name)
    assert name not in TASKS["papers"].PRESETS
