"""The options of Keras's recurrent layers, one after the other, in files against Keras."""

import keras
import numpy as np
import pytest
from keras import layers

from lrkeras.export import ConversionError, StepRunner, convert
from lrkeras.export.runtime.interpreters import open_interpreter

pytestmark = pytest.mark.sampled

OPTIONS = {
    "stateful": dict(stateful=True),
    "states": dict(return_state=True),
    "backwards": dict(go_backwards=True),
    "unrolled, with dropout": dict(unroll=True, recurrent_dropout=0.5, dropout=0.2),
    "mixed_float16": dict(dtype="mixed_float16"),
    "mixed_bfloat16": dict(dtype="mixed_bfloat16"),
    "both ways": dict(return_state=True),
}
ROWS = 64
TOLERANCES = {"mixed_float16": 5e-3, "mixed_bfloat16": 4e-2}


def model_of(wrapped, **options):
    """A layer of each kind: their results, and their last states, side by side."""
    keras.utils.set_random_seed(0)
    x = keras.Input((5, 3), batch_size=ROWS if "stateful" in options else None, name="x")
    results = []
    for kind in (layers.LSTM, layers.GRU, layers.SimpleRNN):
        layer = kind(2, return_sequences=True, **options)
        found = (layers.Bidirectional(layer) if wrapped else layer)(x)
        results.append(keras.tree.flatten(found))
    outputs = {"whole": layers.Concatenate(name="whole")([found[0] for found in results])}
    states = [state for found in results for state in found[1:]]
    if states:
        outputs["last"] = layers.Concatenate(name="last")(states)
    model = keras.Model(x, outputs)
    for weight in model.trainable_weights:
        weight.assign(keras.random.normal(weight.shape) * 0.5)
    return model


def values_of(path, form, x):
    """The outputs of a file by name, over a sequence."""
    if form == "sequence":
        return open_interpreter(path, 1, True).get_signature_runner(form)(x=x)
    runner = StepRunner(path)
    steps = [runner.step(x[:, t : t + 1]) for t in range(x.shape[1])]
    if not isinstance(steps[0], dict):
        return {"whole": np.concatenate(steps, axis=1)}
    whole = np.concatenate([step["whole"] for step in steps], axis=1)
    return {"whole": whole, "last": steps[-1]["last"]}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_file_has_what_keras_has(name, tmp_path):
    model, path = model_of(name == "both ways", **OPTIONS[name]), tmp_path / "m.tflite"
    form = "sequence" if name in ("both ways", "backwards") else "step"
    if form == "sequence":
        with pytest.raises(ConversionError, match="form='sequence'"):
            convert(model, path)
    assert convert(model, path, form="auto").form == form
    x = np.random.default_rng(0).normal(size=(1, 5, 3)).astype("float32")
    actual = values_of(path, form, x)
    expected = model(np.repeat(x, ROWS, axis=0))
    assert actual.keys() == expected.keys()
    for output, value in actual.items():
        wanted = keras.ops.convert_to_numpy(expected[output])[:1].astype("float32")
        np.testing.assert_allclose(value, wanted, atol=TOLERANCES.get(name, 1e-5))
