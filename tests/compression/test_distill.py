import json

import keras
import numpy as np
import pytest

from lrkeras import compress, distill, structures
from lrkeras.compression.distill import SoftmaxDistillation
from lrkeras.compression.output_distillation import OutputDistillation
from lrkeras.compression.output_kind import kind_of_output

pytestmark = pytest.mark.sampled

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


def ending_in(make):
    """A model of sequences of 4 numbers that ends in what `make` adds to a layer of 5 outputs."""
    inputs = keras.Input((6, 4))
    hidden = L.LSTM(8, return_sequences=True)(inputs)
    return keras.Model(inputs, make(hidden))


def inner_softmax(hidden):
    i = keras.Input((6, 8))
    return keras.Model(i, L.Softmax()(L.Dense(5)(i)))(hidden)


ENDINGS = {
    "layer": (L.Dense(5, activation="softmax"), "softmax"),
    "time": (L.TimeDistributed(L.Dense(5, activation="softmax")), "softmax"),
    "inner": (inner_softmax, "softmax"),
    "inner in time": (
        L.TimeDistributed(
            keras.Sequential([keras.Input((8,)), L.Dense(5), L.Activation("softmax")])
        ),
        "softmax",
    ),
    "ops": (lambda h: keras.ops.softmax(L.Dense(5)(h)), "softmax"),
    "reshaped": (lambda h: L.Reshape((3, 2, 5))(L.Softmax()(L.Dense(5)(h))), "softmax"),
    "cut": (lambda h: L.Dropout(0.1)(L.Activation("softmax")(L.Dense(5)(h))), "softmax"),
    "logs": (lambda h: keras.ops.log_softmax(L.Dense(5)(h)), "logits"),
    "sigmoid": (L.Dense(5, activation="sigmoid"), "sigmoid"),
    "sigmoid ops": (lambda h: keras.ops.sigmoid(L.Dense(5)(h)), "sigmoid"),
    # Without an activation the loss tells, and so it does for an RNN, whose activation is inside.
    "linear": (L.Dense(5), "logits"),
    "rnn": (L.LSTM(5, return_sequences=True), "logits"),
    "mixed": (lambda h: L.Reshape((30,))(L.Softmax()(L.Dense(5)(h))), "logits"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_outputs_are_is_found_wherever_it_is_said(name):
    make, expected = ENDINGS[name]
    model = ending_in(make)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert kind_of_output(model, 0, loss) == expected


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("mse", "values"),
        (keras.losses.Huber(), "values"),
        (keras.losses.mean_absolute_error, "values"),
        (keras.losses.BinaryCrossentropy(from_logits=True), "binary_logits"),
        (keras.losses.CategoricalCrossentropy(from_logits=True), "logits"),
        ("sparse_categorical_crossentropy", None),  # wants probabilities: of a linear layer
        (lambda y, p: keras.ops.mean(p), None),
    ],
)
def test_of_a_linear_layer_the_loss_tells(loss, expected):
    assert kind_of_output(ending_in(L.Dense(5)), 0, loss) == expected


def test_every_kind_has_its_distance():
    """Against NumPy in float64, at temperature 3."""
    rng = np.random.default_rng(0)
    t, s = rng.normal(size=(2, 4, 6, 5)).astype("float32")

    def distance(kind, teacher, student, **arguments):
        made = OutputDistillation([kind], [kind], temperature=3.0, **arguments)
        made = type(made).from_config(json.loads(json.dumps(made.get_config())))
        return float(made.compute_loss(teacher, student))

    def softmax(z):
        return np.exp(z.astype("f8")) / np.exp(z.astype("f8")).sum(-1, keepdims=True)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z.astype("f8")))

    p, q = softmax(t / 3), softmax(s / 3)
    classes = 9 * np.mean(np.sum(p * np.log(p / q), axis=-1))
    assert distance("logits", t, s) == pytest.approx(classes, rel=1e-4)
    assert distance("softmax", softmax(t), softmax(s)) == pytest.approx(classes, rel=1e-4)
    p, q = sigmoid(t / 3), sigmoid(s / 3)
    each = 9 * np.mean(p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
    assert distance("binary_logits", t, s) == pytest.approx(each, rel=1e-4)
    assert distance("sigmoid", sigmoid(t), sigmoid(s)) == pytest.approx(each, rel=1e-4)
    assert distance("values", t, s) == pytest.approx(np.mean((t - s) ** 2), rel=1e-5)
    mae = distance("values", t, s, losses=["mae"])
    assert mae == pytest.approx(np.mean(np.abs(t - s)), rel=1e-5)


@pytest.mark.parametrize(
    ("activation", "loss"), [(None, "mse"), ("sigmoid", "binary_crossentropy"), (None, "mae")]
)
def test_regressions_and_labels_learn_from_the_teacher_alone(activation, loss, sequences):
    def model(units):
        end = L.Dense(3, activation=activation)
        return keras.Sequential([keras.Input((7, 20)), L.LSTM(units), end])

    teacher, student = model(16), model(8)
    teacher.compile("adam", loss)
    y = np.random.default_rng(0).integers(0, 2, (16, 3)).astype("float32")
    teacher.fit(sequences, y, epochs=20, verbose=0)

    def distance():
        return np.abs(np.asarray(teacher(sequences)) - np.asarray(student(sequences))).mean()

    first = distance()
    adam = keras.optimizers.Adam(0.02)
    # Targets that say nothing: what is learnt is the teacher's.
    wrapped = distill(teacher, student, teacher_weight=1.0, optimizer=adam)
    wrapped.fit(sequences, 0 * y, epochs=40, verbose=0)
    assert distance() < 0.5 * first


def test_several_outputs_of_several_kinds(sequences):
    inputs = keras.Input((7, 20))
    hidden = L.LSTM(16)(inputs)
    ends = {"class": L.Dense(4, activation="softmax"), "size": L.Dense(1)}
    losses = {"class": "sparse_categorical_crossentropy", "size": "mse"}
    teacher = keras.Model(inputs, {name: end(hidden) for name, end in ends.items()})
    teacher.compile("adam", losses)
    student, _ = compress(teacher, structures.LowRank(rank=2))
    wrapped = distill(teacher, student, teacher_weight=1.0)
    distance = wrapped.distillation_losses[0]
    assert distance.teacher_kinds == distance.student_kinds == ["softmax", "values"]
    a, b = ({k: np.asarray(v, "f8") for k, v in m(sequences).items()} for m in (teacher, student))
    p, q = (np.sqrt(x["class"]) / np.sqrt(x["class"]).sum(-1, keepdims=True) for x in (a, b))
    by_hand = 4 * np.mean(np.sum(p * np.log(p / q), -1)) + np.mean((a["size"] - b["size"]) ** 2)
    found = distance.compute_loss(teacher(sequences), student(sequences))
    assert float(found) == pytest.approx(by_hand, rel=1e-3)


def test_what_cannot_be_known_is_refused():
    linear = ending_in(L.Dense(5))
    with pytest.raises(ValueError, match=r"cannot be known what output 0 .* `outputs=\"logits\"`"):
        distill(linear, linear, loss="sparse_categorical_crossentropy")
    assert distill(linear, ending_in(L.Dense(5)), loss="mse", outputs="logits")
    along_time = ending_in(lambda h: L.Softmax(axis=1)(L.Dense(5)(h)))
    with pytest.raises(ValueError, match="along the last axis"):
        distill(along_time, along_time, loss="mse")
    classes = ending_in(ENDINGS["layer"][0])
    labels = ending_in(ENDINGS["sigmoid"][0])
    with pytest.raises(ValueError, match="mean the same"):
        distill(classes, labels, loss="mse")
    with pytest.raises(ValueError, match="Expected `outputs` to be one of"):
        distill(linear, linear, loss="mse", outputs="numbers")
    with pytest.raises(ValueError, match="not both"):
        distill(linear, linear, loss="mse", outputs="values", from_logits=True)


def test_bad_arguments_are_refused(sequences):
    teacher = classifier(None)
    with pytest.raises(ValueError, match="`teacher_weight` must be in"):
        distill(teacher, teacher, teacher_weight=0)
    plain = keras.Sequential([keras.Input((3,)), L.Dense(2)])
    with pytest.raises(ValueError, match="Expected a `loss`"):
        distill(plain, plain)
