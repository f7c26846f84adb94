"""What `quantize_aware` rounds, and what it refuses."""

import keras
import numpy as np
import pytest

import lrkeras
from lrkeras import layers, structures
from lrkeras.rounding.rounded_copy import plain_copy


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    words = keras.Input((None,), dtype="int32")
    hidden = keras.layers.Embedding(100, 32, name="words")(words)
    hidden = keras.layers.LSTM(32, name="lstm_0", return_sequences=True)(hidden)
    hidden = layers.LSTM(
        48,
        name="lstm_1",
        recurrent_structure=structures.LowRank(rank=24),
        gate_layout="stacked",
    )(hidden)
    return keras.Model(words, keras.layers.Dense(100, name="output")(hidden), name="tiny")


ALL = {
    "words.embeddings",
    "lstm_0.kernel",
    "lstm_0.recurrent",
    "lstm_1.kernel",
    "lstm_1.recurrent.left",
    "lstm_1.recurrent.right",
    "output.kernel",
}


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (None, None, ALL),
        ("lstm*", None, {name for name in ALL if name.startswith("lstm")}),
        (["*.kernel"], "output", {"lstm_0.kernel", "lstm_1.kernel"}),
        (
            None,
            ["words", "lstm_1.recurrent"],
            {n for n in ALL if n.split(".")[0] != "words"}
            - {"lstm_1.recurrent.left", "lstm_1.recurrent.right"},
        ),
        ("lstm_1.recurrent.left", None, {"lstm_1.recurrent.left"}),
    ],
)
def test_patterns_choose_matrices(model, include, exclude, expected):
    copy = lrkeras.quantize_aware(model, include=include, exclude=exclude)
    assert set(copy.rounded) == expected
    kept = [w for w in copy.weights if w.name.startswith("scale_")]
    assert len(kept) == len(expected) and not any(w.trainable for w in kept)


@pytest.mark.parametrize("argument", ["include", "exclude"])
def test_a_pattern_that_means_nothing_is_named(model, argument):
    with pytest.raises(
        ValueError, match=rf"`{argument}`: no matrix is called 'lstm_2.kernel'.*lstm"
    ):
        lrkeras.quantize_aware(model, **{argument: "lstm_2.kernel"})
    with pytest.raises(ValueError, match="expects patterns"):
        lrkeras.quantize_aware(model, **{argument: [3]})


def test_a_pattern_of_what_cannot_be_rounded_says_why():
    inputs = keras.Input((4, 32))
    hidden = keras.layers.LSTM(32, name="lstm")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(3, name="output")(hidden))
    with pytest.raises(ValueError, match=r"'output' can be rounded. output.kernel: too small: 96"):
        lrkeras.quantize_aware(model, include="output")


def test_leaving_everything_out_is_refused(model):
    with pytest.raises(ValueError, match="nothing to round"):
        lrkeras.quantize_aware(model, exclude="*")


@pytest.mark.parametrize("bits", [1, 2, 3, 16, 4.5, None])
def test_bits_nobody_has_are_refused(model, bits):
    with pytest.raises(ValueError, match=r"`bits` to be one of \(4, 8\)"):
        lrkeras.quantize_aware(model, bits=bits)


def test_a_model_with_nothing_to_round_says_what_it_has():
    small = keras.Sequential([keras.Input((4, 3)), keras.layers.LSTM(5, name="lstm")])
    with pytest.raises(ValueError, match=r"nothing to round.*lstm.kernel: too small: 60 numbers"):
        lrkeras.quantize_aware(small)
    kronecker = keras.Sequential(
        [keras.Input((4, 8)), layers.LSTM(64, joint_structure=structures.Kronecker(terms=8))]
    )
    with pytest.raises(ValueError, match=r"numbers of a Kronecker in few bits"):
        lrkeras.quantize_aware(kronecker)


def test_sparse_parts_stay_and_their_masks_too():
    inputs = keras.Input((4, 64))
    doped = structures.LowRank(rank=32) + structures.Sparse(density=0.1)
    model = keras.Model(
        inputs, layers.LSTM(64, joint_structure=doped, gate_layout="stacked")(inputs)
    )
    lrkeras.sparsify(model)
    copy = lrkeras.quantize_aware(model)
    assert [name.rpartition(".")[2] for name in copy.rounded] == ["left", "right"]


def test_what_is_no_ordinary_model_is_refused(model):
    with pytest.raises(ValueError, match=r"keras.Model, received LSTM"):
        lrkeras.quantize_aware(keras.layers.LSTM(3))
    with pytest.raises(ValueError, match="rounded to 4 bits already"):
        lrkeras.quantize_aware(lrkeras.quantize_aware(model))
    model.get_layer("output").bias.assign(np.full(100, np.nan))
    with pytest.raises(ValueError, match="finite"):
        lrkeras.quantize_aware(model)


def test_a_subclassed_model_is_asked_to_be_a_layer_of_a_functional_one():
    @keras.saving.register_keras_serializable(package="tests")
    class Own(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.lstm = keras.layers.LSTM(32)

        def build(self, input_shape):
            self.lstm.build(input_shape)
            self.built = True

        def call(self, x):
            return self.lstm(x)

    own = Own(name="own")
    own(np.zeros((1, 2, 32), "float32"))
    with pytest.raises(ValueError, match="Make it a layer of one"):
        lrkeras.quantize_aware(own)
    inputs = keras.Input((2, 32))
    copy = lrkeras.quantize_aware(keras.Model(inputs, own(inputs)))
    assert [name.rpartition(".")[2] for name in copy.rounded] == ["kernel", "recurrent"]
    x = np.random.default_rng(0).normal(size=(2, 2, 32)).astype("float32")
    np.testing.assert_allclose(copy(x).numpy(), plain_copy(copy)(x).numpy(), atol=1e-6)
