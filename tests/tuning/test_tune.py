import keras
import numpy as np
import pytest

import lrkeras


@keras.saving.register_keras_serializable("tests")
def twice_the_distance(expected, given):
    return 2 * keras.ops.mean(keras.ops.abs(given - expected), axis=-1)


def test_what_a_teacher_would_say_is_asked_for_before_anything_is_tried(tmp_path):
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.LSTM(5), keras.layers.Dense(2)])
    model.compile("adam", twice_the_distance)
    data = np.ones((8, 4, 3), "float32"), np.zeros((8, 2), "float32")
    search = {"validation": data, "budgets": "1 MB", "out": tmp_path / "run"}
    with pytest.raises(
        ValueError, match=r'cannot be known what .* say it, as in `outputs="logits"`'
    ):
        lrkeras.tune(model, data, **search)
    with pytest.raises(ValueError, match="`outputs` to be one of"):
        lrkeras.tune(model, data, outputs="numbers", **search)
    # What comes next: too few trials. Nothing of the model changed, and nothing was written.
    pytest.importorskip("ray")
    for options in ({"outputs": "values"}, {"distill": False}):
        with pytest.raises(ValueError, match="Expected at least"):
            lrkeras.tune(model, data, trials=2, **options, **search)
    assert all(layer.trainable for layer in model.layers)
    assert not (tmp_path / "run").exists()
