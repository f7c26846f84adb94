"""Tables that know how often their words occur."""

import keras
import numpy as np
import pytest

from lrkeras import compress, structures
from lrkeras.compression.fitting.word_frequencies import frequency_order

WORDS, WIDTH = 200, 24


def language_model(tied=False, seed=0):
    keras.utils.set_random_seed(seed)
    ids = keras.Input((None,), dtype="int32")
    kind = keras.layers.ReversibleEmbedding if tied else keras.layers.Embedding
    table = kind(WORDS, WIDTH, name="words")
    hidden = keras.layers.LSTM(WIDTH, return_sequences=True, name="lstm")(table(ids))
    if tied:
        return keras.Model(ids, table(hidden, reverse=True))
    return keras.Model(ids, keras.layers.Dense(WORDS, name="logits")(hidden))


def zipf(rng=None):
    """Frequencies that fall as 1 / rank, by id or in a random order."""
    counts = 1e4 / np.arange(1, WORDS + 1)
    return counts if rng is None else rng.permutation(counts)


def bands_of(model, layer):
    return structures.find_structures(model.get_layer(layer), structures.FrequencyBands)[0]


def test_ids_given_by_frequency_need_no_order():
    assert frequency_order(zipf()) is None
    noisy = np.random.default_rng(0).poisson(zipf() / 50).astype(float)
    assert frequency_order(noisy) is None


def test_other_ids_get_one():
    counts = zipf(np.random.default_rng(0))
    np.testing.assert_array_equal(frequency_order(counts), np.argsort(-counts, kind="stable"))


@pytest.mark.parametrize("tied", [False, True])
def test_frequent_words_keep_their_rows_whatever_the_order_of_ids(tied):
    model, counts = language_model(tied), zipf(np.random.default_rng(1))
    spec = structures.FrequencyBands(sizes=(50, 150), ranks=(None, 4))
    small, _ = compress(model, spec, include="words", frequencies=counts)
    before, after = (
        keras.ops.convert_to_numpy(m.get_layer("words").embeddings) for m in (model, small)
    )
    most = np.argsort(-counts)[:50]
    np.testing.assert_allclose(after[most], before[most], atol=1e-6)
    assert np.abs(after - before).max() > 1e-3
    assert sorted(bands_of(small, "words").order[:50]) == sorted(most)


def test_output_layer_takes_the_frequencies_of_the_table():
    """Counted in the examples; its words are columns."""
    model = language_model()
    rng = np.random.default_rng(2)
    order = rng.permutation(WORDS)
    x = order[np.minimum(rng.zipf(1.3, (64, 20)) - 1, WORDS - 1)]
    spec = structures.FrequencyBands(sizes=(50, 150), ranks=(None, 4))
    small, _ = compress(model, spec, include="logits", calibration=x)
    bands = bands_of(small, "logits")
    assert bands.axis == 1
    assert set(np.argsort(-np.bincount(x.ravel(), minlength=WORDS))[:20]) <= set(bands.order[:50])


def test_an_error_of_a_frequent_word_costs_more():
    """With counts low-rank tables are nearer to the rows that are looked up often."""
    model, counts = language_model(), zipf()
    errors = []
    for frequencies in (None, counts):
        small, _ = compress(
            model, structures.LowRank(rank=8), include="words", frequencies=frequencies
        )
        before, after = (
            keras.ops.convert_to_numpy(m.get_layer("words").embeddings) for m in (model, small)
        )
        errors.append(np.sum(counts[:, None] * np.square(after - before)))
    assert errors[1] < 0.8 * errors[0]


def test_frequencies_by_pattern():
    spec = structures.FrequencyBands(compression=2)
    given = {"words": zipf(), "logits": zipf(np.random.default_rng(3))}
    small, _ = compress(language_model(), spec, exclude="lstm", frequencies=given)
    assert bands_of(small, "words").order is None
    assert bands_of(small, "logits").order is not None


@pytest.mark.parametrize(
    ("frequencies", "message"),
    [
        (np.ones(WORDS - 1), rf"words.embeddings: {WORDS}.*received {WORDS - 1}"),
        (-np.ones(WORDS), "not negative"),
        (np.full(WORDS, np.nan), "finite"),
        (np.zeros(WORDS), "not all zero"),
        (np.ones((WORDS, 2)), "one number for each word"),
        (["a"] * WORDS, "one number for each word"),
        ({"word": np.ones(WORDS)}, "no matrix is called 'word'.*words"),
        ({"words": np.ones(3)}, r"received 3\."),
    ],
)
def test_what_is_no_frequencies(frequencies, message):
    spec = structures.FrequencyBands(compression=2)
    with pytest.raises(ValueError, match=message):
        compress(language_model(), spec, include="words", frequencies=frequencies)


def test_auto_knows_bands():
    """A table of which a quarter of the words makes up nearly all of the text."""
    model = language_model(tied=True)
    rng = np.random.default_rng(4)
    x = np.minimum(rng.zipf(1.6, (64, 20)) - 1, WORDS - 1)
    # Words that occur are unlike each other, so that low rank alone loses much.
    small, report = compress(model, "auto", budget="1.3x", include="words", calibration=x)
    assert report.matrices[0].structure == "FrequencyBands"
    assert small.count_params() <= model.count_params() / 1.3
