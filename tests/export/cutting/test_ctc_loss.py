"""Models with a CTC loss are cut at the scores, which the runner decodes."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as L  # noqa: N812 (as users write it)
from keras._tf_keras.keras import backend as K  # noqa: N812 (as users write it)

from lrkeras import ConversionError, StepRunner, convert
from lrkeras.export.runtime.ctc_decoding import decode

TIME, FEATURES, CLASSES = 9, 4, 5


def _scores(x, activation="softmax", name="scores"):
    h = L.LSTM(8, return_sequences=True)(x)
    return L.Dense(CLASSES, activation=activation, name=name)(h)


def ctc_lambda_func(args):
    scores, labels, input_length, label_length = args
    return K.ctc_batch_cost(labels, scores, input_length, label_length)


def _lambda():
    """The image OCR example of Keras 2: a Lambda of four inputs."""
    x = keras.Input((TIME, FEATURES), name="input_data")
    rest = [keras.Input((size,), name=name) for name, size in _LENGTHS.items()]
    loss = L.Lambda(ctc_lambda_func, output_shape=(1,), name="ctc")([_scores(x), *rest])
    return keras.Model([x, *rest], loss)


_LENGTHS = {"labels": 3, "input_length": 1, "label_length": 1}


class CTCLayer(L.Layer):
    """That of the captcha example of Keras."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.loss_fn = K.ctc_batch_cost

    def call(self, y_true, y_pred):
        ones = tf.ones((tf.shape(y_true)[0], 1), tf.int32)
        self.add_loss(self.loss_fn(y_true, y_pred, TIME * ones, tf.shape(y_true)[1] * ones))
        return y_pred


def _layer():
    x, labels = keras.Input((TIME, FEATURES), name="image"), keras.Input((3,), name="label")
    return keras.Model([x, labels], CTCLayer(name="ctc_loss")(labels, _scores(x)))


def _operation():
    x = keras.Input((None, FEATURES), name="sound")
    labels = keras.Input((3,), dtype="int32", name="labels")
    lengths = [keras.Input((), dtype="int32", name=name) for name in ("a", "b")]
    scores = _scores(x, None)
    loss = keras.ops.ctc_loss(labels, scores, *lengths, mask_index=0)
    return keras.Model([labels, x, *lengths], [loss, scores])


def _decoded():
    x = keras.Input((TIME, FEATURES), name="sound")
    lengths = keras.Input((), dtype="int32", name="lengths")
    found = keras.ops.ctc_decode(_scores(x, None), lengths, mask_index=CLASSES - 1)
    return keras.Model([x, lengths], found)


@pytest.mark.parametrize(
    ("make", "name", "blank", "softmax"),
    [
        (_lambda, "`ctc`", CLASSES - 1, True),
        (_layer, "`ctc_loss`", CLASSES - 1, True),
        (_operation, "CTCLoss", 0, False),
        (_decoded, "CTCDecode", CLASSES - 1, False),
    ],
)
def test_a_training_model_is_cut_at_its_scores(tmp_path, make, name, blank, softmax):
    model = make()
    given = np.random.default_rng(0).normal(size=(4, TIME, FEATURES)).astype("float32")
    series = next(tensor for tensor in model.inputs if len(tensor.shape) == 3)
    report = convert(model, tmp_path / "m.tflite", sample={series.name: given})
    assert name in report.cut[0] and "scores" in report.cut[0]
    assert report.inputs == {series.name: (1, 1, FEATURES)} and len(report.outputs) == 1
    runner = StepRunner(tmp_path / "m.tflite")
    settings = runner.metadata["ctc"]
    assert settings == {"output": 0, "blank": blank, "probabilities": softmax}
    expected = keras.Model(series, model.get_layer("scores").output)(given[:1])
    found = runner.run(given[0])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    del settings["output"]
    scores = np.log(expected) if softmax else np.asarray(expected)
    _check(decode(found[0], **settings), scores, blank, "greedy")
    _check(decode(found[0], **settings, width=100), scores, blank, "beam_search")


def _check(labels, scores, blank, strategy):
    """Against the decoders of Keras."""
    lengths = np.array([scores.shape[1]])
    settings = {} if strategy == "greedy" else {"beam_width": 100}
    found, _ = keras.ops.ctc_decode(
        scores, lengths, strategy, mask_index=blank, merge_repeated=True, **settings
    )
    assert labels == [int(label) for label in np.ravel(found[0]) if label >= 0]


def test_decoding_adds_up_the_paths_of_probabilities():
    scores = np.random.default_rng(1).dirichlet(np.ones(3), 5)
    strings: dict = {}
    for path in itertools.product(range(3), repeat=5):
        merged = [one for one, _ in itertools.groupby(path)]
        string = tuple(label for label in merged if label != 2)
        steps = [step[output] for step, output in zip(scores, path, strict=True)]
        strings[string] = strings.get(string, 0) + np.prod(steps)
    best = max(strings, key=strings.get)
    assert tuple(decode(scores, blank=2, probabilities=True, width=500)) == best
    zeros = np.eye(3)[[0, 2, 0, 1, 1]]
    assert decode(zeros, blank=2, probabilities=True, width=4) == [0, 0, 1]


def test_a_layer_that_is_only_called_so_stays():
    x = keras.Input((TIME, FEATURES))
    from lrkeras.export.cutting.ctc_loss import cut_ctc

    assert cut_ctc(keras.Model(x, _scores(x, name="ctc"))) is None


def test_what_cannot_be_told_is_refused_with_a_line_that_works(tmp_path):
    class TwoCTC(L.Layer):
        def call(self, one, other, labels):
            return keras.ops.mean(one) + keras.ops.mean(other) + keras.ops.mean(labels)

        def compute_output_spec(self, *tensors):
            return keras.KerasTensor((), "float32")

    x, labels = keras.Input((TIME, FEATURES), name="x"), keras.Input((3,), name="labels")
    loss = TwoCTC(name="both")(_scores(x), _scores(x, name="second"), labels)
    model = keras.Model([labels, x], loss)
    with pytest.raises(ConversionError, match="`both`") as refusal:
        convert(model, tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())
    line = str(refusal.value).split("up to the scores: ")[1]
    convert(eval(line, {"keras": keras, "model": model}), tmp_path / "m.tflite")
    value = np.zeros((TIME, FEATURES), "float32")
    expected = keras.Model(x, model.get_layer("scores").output)(value[None])
    np.testing.assert_allclose(StepRunner(tmp_path / "m.tflite").run(value), expected, atol=1e-5)
