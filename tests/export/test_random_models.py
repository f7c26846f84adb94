"""Random small models, structures, forms, quantising and runtimes agree with Keras.

`LRKERAS_RANDOM_MODELS=500` tries that many, from other seeds than the few of an ordinary run.
"""

import os

import keras
import numpy as np
import pytest
from random_models import STRUCTURES, matrices, pick

from lrkeras import layers, structures
from lrkeras.compression.sparsify import sparsify
from lrkeras.export import StepRunner, convert, find_sparse_hazards
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner

pytestmark = pytest.mark.sampled

KL = keras.layers
# Chosen out of 24: each kind of layer, structure and form that came up there, and each pair of a
# quantisation with a form or a runtime, is in these too, most of them several times.
# In 510 the converter multiplies the factor of a Rescaling into a sparse filter.
ORDINARY = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 16, 18, 510)
COUNT = int(os.environ.get("LRKERAS_RANDOM_MODELS", "0"))
# Of the largest output. Weights of int8 are off by half a quantum of 127, and errors add up over
# the steps; float16 has 11 bits.
TOLERANCES = {None: 2e-5, "float16": 0.01, "int8": 0.1}


def _recurrent(rng):
    units = int(pick(rng, (16, 32)))
    shared = dict(
        return_sequences=True,
        use_bias=bool(rng.random() < 0.8),
        zero_output_for_mask=bool(rng.random() < 0.3),
    )
    kind = rng.integers(7)
    if kind == 0:
        return KL.LSTM(units, recurrent_activation="hard_sigmoid", **shared)
    if kind == 1:
        return KL.GRU(units, reset_after=bool(rng.random() < 0.5), **shared)
    if kind == 2:
        shared.pop("use_bias")
        return KL.RNN([KL.LSTMCell(units), KL.SimpleRNNCell(units)], **shared)
    if kind == 3:
        return layers.GRU(units, **shared, **matrices(rng, joint=False))
    if kind == 4:
        return layers.RHN(units, depth=2, **shared, **matrices(rng, joint=False))
    projection = pick(rng, (None, 16))
    return layers.LSTM(units, projection_units=projection, **shared, **matrices(rng, joint=True))


def _between(rng):
    return pick(
        rng,
        (
            lambda: KL.Dense(16, activation="relu"),
            KL.LayerNormalization,
            lambda: KL.TimeDistributed(KL.Dense(16)),
            lambda: KL.Dropout(0.5),
            lambda: KL.Rescaling(0.5),
            lambda: layers.Dense(32, kernel_structure=pick(rng, STRUCTURES[:5])),
        ),
    )()


def _model(rng):
    """A model, whether it is one of tokens, and whether it gives every step's output."""
    tokens = rng.random() < 0.5
    stack = [KL.Embedding(20, 16, mask_zero=bool(rng.random() < 0.5))] if tokens else []
    if not tokens and rng.random() < 0.3:
        stack.append(KL.Conv1D(16, int(rng.integers(1, 4)), padding="causal"))
    for _ in range(rng.integers(1, 3)):
        stack.append(_recurrent(rng))
        if rng.random() < 0.5:
            stack.append(_between(rng))
    every_step = rng.random() < 0.8
    if not every_step:
        stack.append(KL.GRU(8))
    shape = keras.Input((None,), dtype="int32") if tokens else keras.Input((None, 16))
    model = keras.Sequential([shape, *stack, KL.Dense(5)])
    for weight in model.weights:
        if "bias" in weight.path:
            weight.assign(0.3 * rng.normal(size=weight.shape))
    if structures.find_structures(model, structures.Sparse):
        sparsify(model)
    return model, tokens, every_step


@pytest.mark.parametrize("seed", range(100, 100 + COUNT) if COUNT else ORDINARY)
def test_random_model(tmp_path, seed):
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    model, tokens, every_step = _model(rng)
    quantize = pick(rng, (None, "float16", "int8"))
    runtime = pick(rng, ("latest", "2.14"))
    chunk = int(rng.integers(2, 4))  # graphs grow with it
    forms = pick(rng, (["step"], ["step", f"chunk_{chunk}"], [f"chunk_{chunk}", "sequence"]))
    path = str(tmp_path / "model.tflite")
    steps = 2 * chunk + 1
    convert(model, path, forms=forms, quantize=quantize, runtime=runtime, steps=steps, seed=seed)
    assert find_sparse_hazards(path) == []
    xs = rng.integers(0, 20, (1, steps)) if tokens else rng.normal(size=(1, steps, 16))
    xs = xs.astype("int32" if tokens else "float32")
    expected = model.predict(xs, verbose=0)
    for xnnpack in (True, False):
        if "step" in forms:
            actual = StepRunner(path, use_xnnpack=xnnpack).run(xs)
            actual = actual if every_step else actual[:, -1]
        else:
            runner = SignatureRunner(open_interpreter(path, use_xnnpack=xnnpack), "sequence")
            (actual,) = runner({runner.input_names[0]: xs}, {})[0].values()
        scale = np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, atol=TOLERANCES[quantize] * scale, rtol=0)
