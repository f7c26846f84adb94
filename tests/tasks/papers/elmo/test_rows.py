import pytest

from lrkeras.tasks import papers
from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.papers.elmo.rows import COMPRESSED, config_of, lstm_numbers


def test_a_name_says_what_is_compressed_and_how():
    config = config_of("elmo_semi_nmf_recurrent_r50")
    assert (config.base, config.method, config.where, config.rank) == (
        "elmo",
        "semi_nmf",
        "recurrent",
        50,
    )
    assert config.is_compressed
    assert not config_of("elmo").is_compressed


def test_the_table_has_three_methods_two_matrices_and_three_ranks():
    assert len(COMPRESSED) == len(set(COMPRESSED)) == 18


def test_the_rows_are_rows_of_the_papers():
    assert papers.PRESETS.recipe_of(papers.PRESETS["elmo_svd_input_r10"]).config is ElmoConfig


def test_the_numbers_of_an_lstm_by_hand():
    # Four gates of 3 units that read 2 + 2 numbers, 12 biases, a projection of 3 x 2.
    assert lstm_numbers(3, 2) == 4 * 3 * (2 + 2) + 12 + 6


def test_small_dense_layers_have_at_most_the_numbers_of_compressed_ones():
    # 128 x 2048 input, 10 x (128 + 2048) factors, 2048 biases, a projection of 512 x 128.
    wanted = 128 * 2048 + 10 * (128 + 2048) + 2048 + 512 * 128
    config = config_of("elmo_small_dense_r10")
    assert lstm_numbers(config.units, 128) <= wanted < lstm_numbers(config.units + 1, 128)
    assert config.units == 304


@pytest.mark.parametrize(
    "name",
    [
        "elmo_svd_r10",
        "elmo_svd_input",
        "elmo_small_dense",
        "elmo_pruned_stacked_r10",
        "elmo_10x",
        "elmo_int8_r10",
    ],
)
def test_a_name_that_lacks_a_part_is_refused(name):
    with pytest.raises(ValueError, match="Expected"):
        config_of(name)


def test_words_alone_cannot_be_compressed():
    with pytest.raises(ValueError, match="no language model"):
        config_of("elmo_words_svd_input_r10")
