"""What a file with the signatures encode and decode will hold."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_plan import ConversionPlan
from lrkeras.export.form import Form
from lrkeras.export.layer_rows import LayerReport, layer_rows
from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.quantization import Quantization
from lrkeras.export.rounded_source import RoundedSource
from lrkeras.export.steps.decoder_builder import DecoderBuilder
from lrkeras.export.steps.step_builder import StepBuilder
from lrkeras.export.steps.step_model import StepModel
from lrkeras.model_graph.encoder_decoder import EncoderDecoder
from lrkeras.model_graph.layers_of import all_layers


class Seq2SeqPlan(ConversionPlan):
    """The step models of encoder and decoder, with the products that each layer has in the file.

    Args:
        source: The training model, in float32, and what was done to it before.
        decoder_inputs: Names of the inputs of target steps; None to find them.
        steps: Length of the source, where the model leaves it open.
        quantization: How the file is rounded.

    Attributes:
        parts: The training model in two parts.
        decode, encode: Their step models; there are some once `traced` was entered. The first
            graph of a file is called fastest: that is the one of every target step.

    Raises:
        ConversionError: If the model cannot be split, or the source has no length.
    """

    decode: StepModel
    encode: StepModel

    def __init__(
        self,
        source: RoundedSource,
        decoder_inputs: Sequence[str] | None,
        steps: int | None,
        quantization: Quantization,
    ):
        try:
            self.parts = EncoderDecoder.of(source.model, decoder_inputs)
        except ValueError as error:
            raise ConversionError(str(error)) from error
        encode = Form("encode", None).settled(self.parts.encoder, steps)
        flat = dataclasses.replace(source, model=self.parts.model)
        super().__init__(flat, [Form("decode", 1), encode], quantization)

    @contextlib.contextmanager
    def traced(self) -> Iterator[None]:
        """While it lasts, the model has the products of the file; makes the step models."""
        with self._products.in_place():
            encode = StepBuilder(self.parts.encoder, self._cell, self.forms[1]).build()
            count = len(self.parts.state_layers)
            given = encode.model.outputs[count : count + len(self.parts.memory_names)]
            shapes = [tuple(tensor.shape) for tensor in given]
            memory = dict(zip(self.parts.memory_names, shapes, strict=True))
            decode = DecoderBuilder(self.parts.decoder, self._cell, memory).build()
            targets = len(self.parts.target_names)
            states = self._encoded_states(decode)
            given_names = [*states, *decode.input_names[targets:]]
            rest = [f"{n}_of_source" if n in given_names else n for n in encode.output_names]
            names = [*given_names, *rest[len(given_names) :]]
            self.decode = self.reference = decode
            self.encode = dataclasses.replace(encode, output_names=names)
            self.models = [self.decode, self.encode]
            yield

    def rows(self) -> list[LayerReport]:
        """A row of the report for each layer."""
        return layer_rows(self._merged(), self.quantization, self._products)

    def pass_context(self, per_channel: bool, inputs: dict[str, Any]) -> PassContext:
        """What passes need to know of the file that was made of `models`."""
        context = super().pass_context(per_channel, inputs)
        fused = [step.filter for step in self.encode.lowerings.values()]
        return dataclasses.replace(
            context,
            sparse_filters=[*fused, *context.sparse_filters],
            float_filters=[*context.float_filters, *self.encode.float_weights],
            half_filters=[*context.half_filters, *self.encode.half_weights],
        )

    def memory_names(self) -> list[str]:
        """What the decoder reads whole in each step, as the file calls it."""
        return self.decode.input_names[len(self.parts.target_names) :]

    def _encoded_states(self, decode: StepModel) -> list[str]:
        """The names that the decoder's states have, of those that the encoder gives."""
        names, at = {}, 0
        for layer in all_layers(self.parts.decoder, unwrapped=False):
            if isinstance(layer, keras.layers.RNN):
                count = len(keras.tree.flatten(layer.cell.state_size))
                names[id(layer)] = decode.state_names[at : at + count]
                at += count
        return [names[id(layer)][place] for layer, place in self.parts.state_layers]

    def _merged(self) -> StepModel:
        return dataclasses.replace(
            self.encode,
            layers=[*self.encode.layers, *self.decode.layers],
            lowerings={**self.encode.lowerings, **self.decode.lowerings},
        )
