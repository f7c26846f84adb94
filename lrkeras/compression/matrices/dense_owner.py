"""The matrix of a dense layer."""

import keras

from lrkeras import layers
from lrkeras.compression.matrices.matrix_owner import MatrixOwner
from lrkeras.model_graph.einsum_product import multiplies_last_axis


class DenseOwner(MatrixOwner):
    """Dense, and EinsumDense where it is a product of the last axis with a matrix."""

    words_axis = 1

    @staticmethod
    def fits(layer):
        if type(layer) in (keras.layers.Dense, layers.Dense):
            return True
        return type(layer) is keras.layers.EinsumDense and _is_matrix_product(layer)

    def _tensor(self, role):
        return self.layer.kernel

    def replaced(self, chosen, gate_layout="per_gate"):
        """A `lrkeras.layers.Dense` with this structure; see `RecurrentOwner.replaced`."""
        return layers.Dense.from_config({**self._config(), "kernel_structure": chosen["kernel"]})

    def plain(self):
        """The layer of Keras."""
        config = self._config()
        config.pop("kernel_structure", None)
        return keras.layers.Dense.from_config(config)

    def _config(self):
        config = self.layer.get_config()
        if isinstance(self.layer, keras.layers.EinsumDense):
            dropped = ("equation", "output_shape", "bias_axes", "gptq_unpacked_column_size")
            config = {k: v for k, v in config.items() if k not in dropped}
            config["units"] = self.layer.kernel.shape[1]
            config["use_bias"] = self.layer.bias is not None
        return config


def _is_matrix_product(layer):
    """Whether an EinsumDense is `(..., inputs) @ (inputs, outputs)` with a bias of the outputs."""
    outputs = layer.equation.partition("->")[2].strip()[-1:]
    return multiplies_last_axis(layer) and layer.bias_axes in (None, "", outputs)
