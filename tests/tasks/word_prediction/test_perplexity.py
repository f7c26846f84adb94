import keras
import numpy as np

from lrkeras.tasks.word_prediction.perplexity import Perplexity


def reference(targets, logits, weights):
    logits = logits.astype(np.float64)
    log_probabilities = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    picked = np.take_along_axis(log_probabilities, targets[..., None], -1)[..., 0]
    return np.exp(-(picked * weights).sum() / weights.sum())


def test_mean_is_over_tokens_not_over_batches():
    generator = np.random.default_rng(0)
    targets = generator.integers(0, 7, (5, 4))
    logits = generator.normal(0, 3, (5, 4, 7)).astype("float32")
    metric = Perplexity()
    metric.update_state(targets[:4], logits[:4])
    metric.update_state(targets[4:], logits[4:])
    expected = reference(targets, logits, np.ones((5, 4)))
    np.testing.assert_allclose(float(metric.result()), expected, rtol=1e-5)


def test_padding_does_not_count():
    generator = np.random.default_rng(1)
    targets = generator.integers(0, 3, (2, 6))
    logits = generator.normal(0, 2, (2, 6, 3)).astype("float32")
    weights = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 0, 0, 0, 0]], "float32")
    metric = Perplexity()
    metric.update_state(targets, logits, sample_weight=weights)
    expected = reference(targets, logits, weights)
    np.testing.assert_allclose(float(metric.result()), expected, rtol=1e-5)


def test_evaluate_reports_it_over_all_tokens_of_uneven_batches():
    generator = np.random.default_rng(2)
    inputs = generator.normal(size=(5, 3, 2)).astype("float32")
    targets = generator.integers(0, 4, (5, 3))
    weights = np.ones((5, 3), "float32")
    weights[4, 1:] = 0
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.Dense(4)])
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[Perplexity()],
    )
    logs = model.evaluate(
        inputs, targets, sample_weight=weights, batch_size=2, verbose=0, return_dict=True
    )
    kernel, bias = model.get_weights()
    expected = reference(targets, inputs @ kernel + bias, weights)
    np.testing.assert_allclose(logs["perplexity"], expected, rtol=1e-5)


def test_reset_forgets():
    metric = Perplexity()
    metric.update_state([[0]], [[[0.0, 5.0]]])
    metric.reset_state()
    metric.update_state([[0, 1]], [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    np.testing.assert_allclose(float(metric.result()), 3.0, rtol=1e-6)
