"""A pruned LSTM step as the TensorFlow converter writes it, without this package.

The rival of structured matrices: magnitude pruning with `Optimize.EXPERIMENTAL_SPARSITY`.
"""

import dataclasses
import pathlib
import tempfile
import warnings

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class PrunedForm:
    """A form in which the stock converter keeps pruned weights.

    Attributes:
        block: (outputs, inputs) that are kept or pruned together.
        int8: Whether the weights are int8; activations stay float32.
        use_xnnpack: Whether the file may run with XNNPACK: it reads block-sparse int8 filters as
            though they were dense.
    """

    block: tuple[int, int]
    int8: bool
    use_xnnpack: bool

    def density_for(self, size: int, units: int) -> float:
        """The share of weights to keep so that weights and positions take `size` bytes."""
        columns, rows = 2 * units, 4 * units
        index = 1 if columns // self.block[1] <= 256 else 2
        block = self.block[0] * self.block[1] * (1 if self.int8 else 4) + index
        segments = 4 * (rows // self.block[0] + 1)
        return (size - segments) / block * self.block[0] * self.block[1] / (rows * columns)


FORMS = {
    "single weights, float32": PrunedForm((1, 1), int8=False, use_xnnpack=True),
    "1x4 blocks, float32": PrunedForm((1, 4), int8=False, use_xnnpack=True),
    "1x16 blocks, int8, without XNNPACK": PrunedForm((1, 16), int8=True, use_xnnpack=False),
}


def write_pruned_step(
    path: pathlib.Path, units: int, form: PrunedForm, density: float
) -> np.ndarray:
    """Converts one step of an LSTM with pruned random weights, as many inputs as units.

    Args:
        path: The .tflite file to write.
        units: Inputs and units.
        form: How weights are kept.
        density: Share of the weights that stay: those of the largest blocks.

    Returns:
        The pruned matrix, (4 * units, 2 * units and padding), gates in the order i, f, g, o.
    """
    rng = np.random.default_rng(0)
    padding = -2 * units % form.block[1]  # blocks must fill the rows
    weight = rng.normal(size=(4 * units, 2 * units + padding)) / np.sqrt(2 * units)
    weight = _prune(weight, form.block, density).astype(np.float32)
    module = tf.Module()
    # The converter takes minutes over large constants, but not over variables.
    module.weight = tf.Variable(weight.T)
    module.bias = tf.Variable(tf.zeros(4 * units))
    shapes = {"x": (1, units), "h": (1, units), "c": (1, units)}

    @tf.function(input_signature=[tf.TensorSpec(s, name=n) for n, s in shapes.items()])
    def step(x, h, c):
        v = tf.concat([x, h, tf.zeros((1, padding))], 1) if padding else tf.concat([x, h], 1)
        z = tf.matmul(v, module.weight) + module.bias
        i, f, g, o = tf.split(z, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return {"h": tf.sigmoid(o) * tf.tanh(c), "c": tf.identity(c)}

    module.step = step
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tf.saved_model.save(module, folder, signatures={"step": step.get_concrete_function()})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["step"])
        converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
        if form.int8:
            converter.optimizations.append(tf.lite.Optimize.DEFAULT)
        path.write_bytes(converter.convert())
    return weight


def _prune(weight: np.ndarray, block: tuple[int, int], density: float) -> np.ndarray:
    """Zeroes all but the blocks of the largest magnitude."""
    rows, columns = weight.shape
    height, width = block
    blocks = weight.reshape(rows // height, height, columns // width, width)
    norms = np.abs(blocks).sum(axis=(1, 3))
    kept = norms >= np.quantile(norms, 1 - density)
    return (blocks * kept[:, None, :, None]).reshape(weight.shape)
