"""Gradual pruning against TensorFlow's Model Optimization Toolkit (tfmot), which runs on tf_keras.

What corresponds to what: tfmot updates its mask in `call`, at the start of training step
`t = 1, 2, ...`, from the weights that `t - 1` updates have made. `SparsityAnnealing` does so at
the end of a step, and counts the updates made. So `PolynomialDecay(begin_step=b, end_step=e)` is
`SparsityAnnealing(begin_step=b - 1, end_step=e - 1)`; tfmot's mask in step `t` is ours after
`t - 1` steps.

One difference is known. tfmot lets masked weights move: their gradient is dense, and they are set
to zero only when the next step begins, after the mask was updated. A masked weight therefore
competes in the next mask with what its last update gave it, and can come back. Ours has no
gradient (Zhu and Gupta 2017: "the weights that were masked in the forward execution do not get
updated in the back-propagation step") and never comes back. Where none comes back, the weights
that stay see the same gradients and the same optimiser in both, so both runs must agree to
rounding, with momentum too; `test_only_tfmot_lets_masked_weights_return` shows the case where
they part.

tfmot computes the number of weights to keep in float32, we in float64: sizes, densities and powers
here give no number that ends in .5, which the two may round differently.
"""

import itertools

import keras
import numpy as np
import pytest

from lrkeras import callbacks, layers, structures

tf_keras = pytest.importorskip("tf_keras")
tfmot = pytest.importorskip("tensorflow_model_optimization")

# tf_keras and tfmot use deprecated parts of TensorFlow and NumPy.
pytestmark = pytest.mark.filterwarnings("default")

INPUTS, OUTPUTS, EXAMPLES, BATCH = 12, 10, 96, 8
STEPS_PER_EPOCH, EPOCHS = EXAMPLES // BATCH, 4
BEGIN, END, FREQUENCY = 4, 34, 3  # in tfmot's count; the mask is updated last at END


@pytest.mark.parametrize("power", [1, 2, 3, 4])
@pytest.mark.parametrize(("initial", "target"), [(0.0, 0.9), (0.25, 0.95)])
def test_schedule_is_that_of_polynomial_decay(power, initial, target):
    theirs = tfmot.sparsity.keras.PolynomialDecay(
        initial, target, begin_step=20, end_step=120, power=power, frequency=10
    )
    ours = callbacks.SparsityAnnealing(
        begin_step=20, end_step=120, power=power, frequency=10, initial_sparsity=initial
    )
    mask_steps = []
    for step in range(140):
        prunes, sparsity = theirs(step)
        if prunes:
            mask_steps.append(step)
            # tfmot computes in float32.
            assert ours.sparsity(step, target) == pytest.approx(float(sparsity), abs=1e-6)
    assert mask_steps == list(range(20, 121, 10))
    assert ours.sparsity(20, target) == initial
    assert ours.sparsity(120, target) == target


def _problem(seed=3):
    """Linear regression: inputs, targets, initial kernel."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(EXAMPLES, INPUTS)).astype("float32")
    y = (x @ rng.normal(size=(INPUTS, OUTPUTS))).astype("float32")
    kernel = rng.normal(scale=1.0, size=(INPUTS, OUTPUTS)).astype("float32")
    return x, y, kernel


def _run_theirs(optimizer, power, density):
    """Trains with tfmot; the masks of all steps, the kernel before its last masking, the bias."""
    x, y, kernel = _problem()
    schedule = tfmot.sparsity.keras.PolynomialDecay(
        0.0, 1 - density, begin_step=BEGIN, end_step=END, power=power, frequency=FREQUENCY
    )
    dense = tf_keras.layers.Dense(OUTPUTS, input_shape=(INPUTS,))
    layer = tfmot.sparsity.keras.prune_low_magnitude(dense, pruning_schedule=schedule)
    model = tf_keras.Sequential([layer])
    layer.set_weights([kernel, np.zeros(OUTPUTS, "float32")])
    model.compile(optimizer, "mse")
    masks = []

    class Masks(tf_keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            masks.append(layer.pruning_vars[0][1].numpy().astype(bool))

    steps = [tfmot.sparsity.keras.UpdatePruningStep(), Masks()]
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=steps)
    kernel, bias = layer.get_weights()
    return masks, kernel, bias


def _run_ours(optimizer, power, density):
    """Trains with `SparsityAnnealing`; the masks in force in all steps, the kernel, the bias."""
    x, y, kernel = _problem()
    layer = layers.Dense(OUTPUTS, kernel_structure=structures.Sparse(density=density))
    model = keras.Sequential([keras.Input((INPUTS,)), layer])
    sparse = layer.kernel_structure
    sparse.values.assign(kernel)
    model.compile(optimizer, "mse")
    masks = []

    class Masks(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            masks.append(keras.ops.convert_to_numpy(sparse.mask))

    annealing = callbacks.SparsityAnnealing(
        begin_step=BEGIN - 1, end_step=END - 1, power=power, frequency=FREQUENCY
    )
    model.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        callbacks=[annealing, Masks()],
    )
    values = keras.ops.convert_to_numpy(sparse.values)
    return masks, values, keras.ops.convert_to_numpy(layer.bias)


def _returned(masks):
    """How many entries were masked in one step and not in the next."""
    return sum(int(np.sum(after & ~before)) for before, after in itertools.pairwise(masks))


@pytest.mark.parametrize(
    ("kind", "arguments", "power"),
    [
        ("SGD", {"learning_rate": 0.01}, 1),
        ("SGD", {"learning_rate": 0.002, "momentum": 0.9}, 3),
        ("SGD", {"learning_rate": 0.002, "momentum": 0.9, "nesterov": True}, 3),
        ("Adam", {"learning_rate": 0.01}, 3),
    ],
    ids=["sgd", "momentum", "nesterov", "adam"],
)
def test_whole_run_is_that_of_tfmot(kind, arguments, power):
    theirs = _run_theirs(getattr(tf_keras.optimizers, kind)(**arguments), power, 0.15)
    ours = _run_ours(getattr(keras.optimizers, kind)(**arguments), power, 0.15)
    assert len(theirs[0]) == len(ours[0]) == STEPS_PER_EPOCH * EPOCHS
    assert _returned(theirs[0]) == 0  # or the runs need not agree
    for step, (their_mask, our_mask) in enumerate(zip(theirs[0], ours[0], strict=True), start=1):
        np.testing.assert_array_equal(our_mask, their_mask, err_msg=f"step {step}")
    counts = [int(mask.sum()) for mask in ours[0]]
    assert counts[0] == INPUTS * OUTPUTS
    assert counts[-1] == 18
    assert len(set(counts)) > 5
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-5, atol=1e-5)
    assert np.count_nonzero(ours[1]) == np.count_nonzero(theirs[1]) == 18
    # The run did change the weights that stayed.
    moved = np.abs(ours[1] - _problem()[2])[ours[0][-1]]
    assert moved.max() > 0.1


def test_only_tfmot_lets_masked_weights_return():
    arguments = {"learning_rate": 0.3, "momentum": 0.9}
    theirs, *_ = _run_theirs(tf_keras.optimizers.SGD(**arguments), 3, 0.15)
    ours, *_ = _run_ours(keras.optimizers.SGD(**arguments), 3, 0.15)
    assert _returned(theirs) > 0
    assert _returned(ours) == 0
