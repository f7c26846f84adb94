"""Following raw samples and their spectrograms through a streaming model."""

from typing import Any

import keras
from keras import ops

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.steps.mel_step import MelStep, check_mel
from lrkeras.layers import MelSpectrogram

# Layers that may stand between the samples and the spectrogram.
_SAMPLEWISE = ("Activation", "Dropout", "GaussianDropout", "GaussianNoise", "Identity", "Rescaling")


class SampleStream:
    """Knows which tensors are samples (1, hops, stride), and which spectrograms (1, bands, hops).

    The step of a model that makes mel spectrograms is one hop of samples. Until the spectrogram
    has its time axis in the second place, as recurrent layers need it, nothing else may happen to
    it: other layers would take the bands for time.

    Attributes:
        steps: The `MelStep` of each spectrogram layer that was called.
    """

    def __init__(self) -> None:
        # With the tensors themselves, so that no other gets the identity of one.
        self._samples: dict[int, Any] = {}
        self._spectrograms: dict[int, Any] = {}
        self.steps: list[MelStep] = []

    def add(self, tensor: Any) -> None:
        """Takes note of an input of samples."""
        self._samples[id(tensor)] = tensor

    def is_spectrogram(self, layer: keras.Operation, args: tuple[Any, ...]) -> bool:
        """Whether a call makes a spectrogram, and checks that others leave it in order.

        Raises:
            ConversionError: If samples or a spectrogram meet a layer that would not see single
                time steps.
        """
        first = keras.tree.flatten(args)[0]
        if check_mel(layer):
            if id(first) in self._samples:
                return True
            raise _refusal(layer, "samples of the model's input in front of it", "something else")
        if id(first) in self._samples and type(layer).__name__ not in _SAMPLEWISE:
            raise _refusal(layer, f"one of {list(_SAMPLEWISE)} on samples", "a layer")
        if id(first) in self._spectrograms and not _is_permute(layer):
            raise _refusal(layer, "Permute((2, 1)) after a mel spectrogram", "a layer")
        return False

    def follows(self, args: tuple[Any, ...], output: Any) -> Any:
        """Takes note of what a layer makes of samples, and returns it."""
        if args and id(keras.tree.flatten(args)[0]) in self._samples:
            self.add(output)
        return output

    def is_permute(self, args: tuple[Any, ...]) -> bool:
        """Whether a call brings a spectrogram into the usual order (`is_spectrogram` passed)."""
        return id(keras.tree.flatten(args)[0]) in self._spectrograms

    def spectrogram(self, layer: MelSpectrogram, x: Any, before: Any) -> tuple[Any, Any]:
        """Calls the step of a layer: the spectrogram, and the last samples."""
        step = MelStep(layer)
        self.steps.append(step)
        spectrogram, after = step([x, before])
        self._spectrograms[id(spectrogram)] = spectrogram
        return spectrogram, after


def sample_inputs_of(model: keras.Model) -> dict[int, MelSpectrogram]:
    """The mel spectrogram layer that reads each input of samples, by the input's position."""
    found: dict[int, MelSpectrogram] = {}
    for layer in model.layers:
        if not isinstance(layer, keras.layers.MelSpectrogram):
            continue
        for index, tensor in enumerate(model.inputs):
            if len(tensor.shape) == 2 and _comes_from(layer, tensor):
                found[index] = layer
    return found


def transposed(spectrogram: Any) -> Any:
    """(1, bands, hops) to (1, hops, bands)."""
    return ops.transpose(spectrogram, (0, 2, 1))


def _comes_from(layer: keras.layers.Layer, tensor: Any) -> bool:
    if layer.input is tensor:
        return True
    try:
        keras.Model(tensor, layer.input)
    except ValueError:
        return False  # it needs other inputs
    return True


def _is_permute(layer: keras.Operation) -> bool:
    if isinstance(layer, keras.layers.Permute):
        return tuple(layer.dims) == (2, 1)
    return type(layer).__name__ == "Transpose" and tuple(layer.axes or ()) == (0, 2, 1)


def _refusal(layer: keras.Operation, expected: str, received: str) -> ConversionError:
    return ConversionError(
        f"Expected {expected}, received {received} that the step form does not know there: "
        f"`{layer.name}` ({type(layer).__name__}). Build the model as Input(samples), "
        "lrkeras.layers.MelSpectrogram, Permute((2, 1)), then layers over (time, bands)."
    )
