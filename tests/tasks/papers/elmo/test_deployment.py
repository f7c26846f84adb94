import keras
import numpy as np

from lrkeras.tasks.papers.elmo.bilm import bilm, forward_layers, lstm_layers
from lrkeras.tasks.papers.elmo.character_ids import character_ids
from lrkeras.tasks.papers.elmo.deployment import measure_deployment
from lrkeras.tasks.papers.elmo.rows import config_of

WORDS = ["the", "dog", "sat", "on", "a", "mat", "and", "the", "cat", "saw", "it", "from", "afar"]


def test_the_forward_layers_are_those_of_the_model():
    config = config_of("elmo_tiny")
    keras.utils.set_random_seed(1)
    model = bilm(config)
    alone = forward_layers(config)
    alone.set_weights([w for layer in lstm_layers(model)[:2] for w in layer.get_weights()])
    found = model.predict_on_batch(character_ids(WORDS, config.characters)[None])
    width = config.projection
    top = alone.predict_on_batch(found[:, :, 0, :width])
    np.testing.assert_allclose(top, found[:, :, 2, :width], rtol=1e-5, atol=1e-6)


def test_factors_make_the_file_smaller():
    config = config_of("elmo_tiny_svd_input_r3")
    keras.utils.set_random_seed(2)
    found = measure_deployment(bilm(config), config, character_ids(WORDS, config.characters))
    assert "skipped" not in found
    # 12 x 96 numbers of each of two layers become 3 x (12 + 96), a byte each.
    saved = 2 * (12 * 96 - 3 * (12 + 96))
    assert 0.5 * saved < found["dense_int8_file_bytes"] - found["file_bytes"] < saved
    assert found["step_us"] > 0 and found["speedup_over_dense_int8"] > 0
