import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import distill
from lrkeras.tasks.word_prediction.word_distiller import WordDistiller, distillation_losses

L = keras.layers


def logits_and_words(seed=0, scale=3.0):
    rng = np.random.default_rng(seed)
    teacher, student = scale * rng.normal(size=(2, 2, 5, 11)).astype("float32")
    return teacher, student, rng.integers(0, 11, (2, 5))


def log_softmax(z):
    z = z.astype(np.float64)
    z = z - z.max(-1, keepdims=True)
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


@pytest.mark.parametrize("scale", [3.0, 60.0])  # the latter underflow in float32
def test_losses_are_those_of_the_definition(scale):
    teacher, student, words = logits_and_words(scale=scale)
    p, q = log_softmax(teacher), log_softmax(student)
    cross_entropy = -np.take_along_axis(q, words[..., None], -1)[..., 0]
    divergence = (np.exp(p) * (p - q)).sum(-1)
    found = ops.convert_to_numpy(distillation_losses(teacher, student, words))
    expected = np.stack([cross_entropy.ravel(), divergence.ravel()], axis=-1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def word_model(name):
    tokens = keras.Input((None,), dtype="int32")
    return keras.Model(tokens, L.Dense(11)(L.Embedding(11, 6)(tokens)), name=name)


@pytest.mark.parametrize("teacher_weight", [0.3, 1.0])
def test_a_step_is_that_of_the_distillation_of_every_model(teacher_weight):
    """`distill` leaves the gradient to the backend; here it is written out."""
    tokens, targets = np.random.default_rng(0).integers(0, 11, (2, 4, 7))
    teacher, mine, theirs = (word_model(name) for name in ("teacher", "mine", "theirs"))
    theirs.set_weights(mine.get_weights())
    optimizer = keras.optimizers.SGD(1.0)
    WordDistiller(teacher, mine, optimizer=optimizer, teacher_weight=teacher_weight).fit(
        tokens, targets, verbose=0
    )
    distill(
        teacher,
        theirs,
        temperature=1.0,
        teacher_weight=teacher_weight,
        optimizer=keras.optimizers.SGD(1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    ).fit(tokens, targets, verbose=0)
    for a, b in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_the_mean_is_over_tokens_and_not_over_batches():
    tokens, targets = np.random.default_rng(1).integers(0, 11, (2, 5, 7))
    teacher, student = word_model("teacher"), word_model("student")
    wrapped = WordDistiller(teacher, student, optimizer="sgd", teacher_weight=0.5)
    found = wrapped.evaluate(tokens, targets, batch_size=4, verbose=0, return_dict=True)
    q = log_softmax(student.predict(tokens, verbose=0))
    expected = -np.take_along_axis(q, targets[..., None], -1).mean()
    assert found["student_loss"] == pytest.approx(expected, rel=1e-5)
