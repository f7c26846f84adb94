import keras
import numpy as np
import pytest

from lrkeras import compress, distill, structures
from lrkeras.compression.distill import SoftmaxDistillation

L = keras.layers


def classifier(activation):
    model = keras.Sequential(
        [
            keras.Input((7, 20)),
            L.LSTM(24, return_sequences=True, name="lstm"),
            L.Dense(28, activation=activation, name="dense"),
        ]
    )
    logits = activation is None
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=logits))
    return model


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_student_comes_nearer_to_the_teacher(activation, sequences):
    teacher = classifier(activation)
    y = np.random.default_rng(0).integers(0, 28, (16, 7))
    teacher.fit(sequences, y, epochs=20, verbose=0)
    student, _ = compress(teacher, structures.LowRank(rank=3))
    before = [np.array(w) for w in teacher.get_weights()]

    def distance():
        outputs = [np.asarray(m(sequences), np.float64) for m in (teacher, student)]
        if activation is None:
            outputs = [np.exp(z) / np.exp(z).sum(-1, keepdims=True) for z in outputs]
        return np.abs(outputs[0] - outputs[1]).mean()

    first = distance()
    wrapped = distill(teacher, student, teacher_weight=1.0, optimizer=keras.optimizers.Adam(0.02))
    wrapped.fit(sequences, y, epochs=30, verbose=0)
    assert distance() < 0.75 * first
    for a, b in zip(before, teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_probabilities_are_compared_as_the_logits_they_come_from():
    rng = np.random.default_rng(0)
    teacher, student = rng.normal(size=(2, 5, 6)).astype("float32")
    divergence = keras.losses.KLDivergence()
    by_logits = keras.distillation.LogitsDistillation(temperature=3.0, loss=divergence)
    by_probabilities = SoftmaxDistillation(temperature=3.0, loss=divergence)
    p, q = (np.exp(z) / np.exp(z).sum(-1, keepdims=True) for z in (teacher, student))
    expected = by_logits.compute_loss(teacher, student)
    found = by_probabilities.compute_loss(p, q)
    # 9 KL(softmax(t / 3) | softmax(s / 3)), in float64.
    soft = [np.exp(z / 3.0) / np.exp(z / 3.0).sum(-1, keepdims=True) for z in (teacher, student)]
    by_hand = 9 * np.mean(np.sum(soft[0] * np.log(soft[0] / soft[1]), axis=-1))
    assert float(expected) == pytest.approx(by_hand, rel=1e-4)
    assert float(found) == pytest.approx(by_hand, rel=1e-4)


def test_bad_arguments_are_refused(sequences):
    teacher = classifier(None)
    with pytest.raises(ValueError, match="`teacher_weight` must be in"):
        distill(teacher, teacher, teacher_weight=0)
    plain = keras.Sequential([keras.Input((3,)), L.Dense(2)])
    with pytest.raises(ValueError, match="Expected a `loss`"):
        distill(plain, plain)
