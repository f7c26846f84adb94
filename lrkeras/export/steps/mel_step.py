"""Frames of a mel spectrogram as a layer of its own."""

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.products.fourier_stages import FourierStages, float32, parts_of, split
from lrkeras.layers import MelSpectrogram


class MelStep(keras.layers.Layer):
    """Makes frames of the samples of some hops, with the samples before them as its state.

    `call((x, before))` takes x of shape (1, hops, stride) and the last `overlap` samples before
    it, and returns the spectrogram (1, bands, hops) and the last samples by then. The transform
    is two products with small constant matrices (`FourierStages`), which the runtime has.

    Args:
        layer: A built layer for which `check_mel` passes.
    """

    def __init__(self, layer: MelSpectrogram):
        super().__init__(dtype="float32")
        self.layer = layer
        self.built = True
        n1, n2 = split(layer.fft_length) or (layer.fft_length, 1)
        self._sides = (n1, n2)
        self._stages = FourierStages(n1, n2, odd=False)
        self._window = layer.window_values()
        matrix = _of_stages(layer.mel_matrix(), n1, n2, self._stages.rows)
        self._matrix = keras.Variable(matrix, trainable=False, dtype="float32", name="mel")
        # The filters as the file has them. In int8 the quiet bands would be lost beside loud ones.
        self.float_weight = np.ascontiguousarray(matrix.T)
        self.half_weights = [float32(matrix.T) for matrix in self._stages.forward_matrices]

    def call(self, inputs: list[Any]) -> list[Any]:
        """Makes the frames."""
        x, before = inputs
        layer, hops = self.layer, x.shape[1]
        seen = ops.reshape(x, (1, hops * layer.sequence_stride))
        if layer.overlap:
            seen = ops.concatenate([before, seen], axis=1)
        starts = [hop * layer.sequence_stride for hop in range(hops)]
        frames = [seen[:, start : start + layer.sequence_length] for start in starts]
        joined = ops.concatenate(frames, axis=0) if hops > 1 else seen
        mel = layer.from_power(self._power(joined * self._window), self._matrix)
        spectrogram = ops.expand_dims(ops.transpose(mel), 0)
        return [spectrogram, seen[:, hops * layer.sequence_stride :] if layer.overlap else before]

    def _power(self, frames: Any) -> Any:
        """Power at the frequencies of the stages, (hops, rows * n2)."""
        n1, n2 = self._sides
        short = self.layer.fft_length - self.layer.sequence_length
        if short:
            frames = ops.pad(frames, ((0, 0), (0, short)))
        columns = ops.transpose(ops.reshape(frames, (-1, n1, n2)), (0, 2, 1))
        spectrum = self._stages.forward(ops.matmul(columns, float32(self._stages.from_real)))
        real, imaginary = parts_of(spectrum)
        power = real * real + imaginary * imaginary
        return ops.reshape(power, (frames.shape[0], self._stages.rows * n2))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: samples have no mask."""
        return None


def check_mel(layer: keras.Operation) -> bool:
    """Whether a layer makes mel spectrograms, and can do so in steps.

    Raises:
        ConversionError: If it makes them and cannot.
    """
    if not isinstance(layer, keras.layers.MelSpectrogram):
        return False
    if type(layer) is not MelSpectrogram:
        raise ConversionError(
            f"Expected lrkeras.layers.MelSpectrogram in a streaming form, received `{layer.name}` "
            f"({type(layer).__module__.split('.')[0]}'s {type(layer).__name__}): it centres its "
            "frames (center=True), which mirrors samples at the start and needs half a frame of "
            "the future, and cuts at top_db below the loudest frame of all. lrkeras.layers."
            "MelSpectrogram takes the same arguments, and its frames end at the last sample."
        )
    if layer.power_to_db and layer.top_db is not None:
        raise ConversionError(
            f"Expected top_db=None in a streaming form, received `{layer.name}` with "
            f"top_db={layer.top_db}: it needs the loudest frame of the whole signal. Use min_power."
        )
    return True


def _of_stages(matrix: np.ndarray, n1: int, n2: int, rows: int) -> np.ndarray:
    """The mel matrix (bins, bands) for the order of frequencies of the stages."""
    length = n1 * n2
    result = np.zeros((rows * n2, matrix.shape[1]), np.float32)
    for frequency in range(length // 2 + 1):
        # A frequency that is not kept is the conjugate of one that is.
        place = frequency if frequency % n1 < rows else length - frequency
        result[(place % n1) * n2 + place // n1] += matrix[frequency]
    return result
