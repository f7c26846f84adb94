"""What a file will hold, and how each part of it is computed."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from lrkeras.export.form import Form
from lrkeras.export.layer_rows import LayerReport, fusion_refusal, layer_rows
from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.products.deployed_products import DeployedProducts
from lrkeras.export.products.doped_lstm import DopedLSTM
from lrkeras.export.quantization import Quantization
from lrkeras.export.rounded_source import RoundedSource
from lrkeras.export.steps.recurrent_cell import COPIES, RecurrentCell
from lrkeras.export.steps.step_builder import StepBuilder
from lrkeras.export.steps.step_model import StepModel


class ConversionPlan:
    """The step models of a file, with the products that each layer has in it.

    Args:
        source: The user's model, in float32, and what was done to it before.
        forms: The forms of the file, their lengths settled.
        quantization: How the file is rounded.

    Attributes:
        models: A step model for each form; there are some once `traced` was entered.
        reference: The step model that the file is compared by.
    """

    def __init__(
        self,
        source: RoundedSource,
        forms: list[Form],
        quantization: Quantization,
    ):
        self.model = source.model
        self.batch = forms[0].batch
        self.rounded_bits = source.bits
        self._state_names = source.state_names
        self.forms = forms
        self.quantization = quantization
        self.models: list[StepModel] = []
        self.reference: StepModel
        self._products = DeployedProducts(self.model, quantization, self._is_fused)
        # A single graph has nothing to share.
        single = len(forms) == 1 and forms[0].kind == "step"
        self._outlined = not single
        self._cells: dict[int, RecurrentCell] = {}

    @contextlib.contextmanager
    def traced(self) -> Iterator[None]:
        """While it lasts, the model has the products of the file; makes the step models.

        What the file is compared with afterwards has the products that Keras has.
        """
        with self._products.in_place():
            self.models = [self._step_model(one) for one in self.forms]
            self.reference = self._reference()
            yield

    def rows(self) -> list[LayerReport]:
        """A row of the report for each layer."""
        return layer_rows(self.models[0], self.quantization, self._products)

    def pass_context(self, per_channel: bool, inputs: dict[str, Any]) -> PassContext:
        """What passes need to know of the file that was made of `models`.

        Args:
            per_channel: Whether the runtime knows a scale for each output.
            inputs: Sequences to measure ranges on.
        """
        fused = [cell_step.filter for cell_step in self.models[0].lowerings.values()]
        return PassContext(
            signatures=[model.form.name for model in self.models],
            steps=[(model.form.steps or 1) * model.form.batch for model in self.models],
            per_channel=per_channel,
            sparse_filters=[*fused, *self._products.sparse_filters],
            float_filters=self.models[0].float_weights,
            half_filters=self.models[0].half_weights,
            bits=self.quantization.bits,
            rounded_bits=self.rounded_bits,
            inputs=inputs,
        )

    def _reference(self) -> StepModel:
        """The model of one step, if the file has states; else that of the sequence."""
        single = next((model for model in self.models if model.form.kind == "step"), None)
        stateful = [model for model in self.models if model.form.has_states]
        if single is None and stateful and max(model.rate for model in stateful) == 1:
            return self._step_model(Form(batch=self.batch))
        return single or (stateful or self.models)[0]

    def _step_model(self, form: Form) -> StepModel:
        return StepBuilder(self.model, self._cell, form, self._state_names).build()

    def _cell(self, layer: keras.layers.RNN) -> RecurrentCell:
        """The cell of a layer, the same one for every form."""
        if id(layer) not in self._cells:
            fused = DopedLSTM(layer.cell) if self._is_fused(layer) else None
            # Ranges belong to one node for each weight.
            copies = 1 if self.quantization.needs_sample else COPIES
            self._cells[id(layer)] = RecurrentCell(layer, fused, self._outlined, copies)
        return self._cells[id(layer)]

    def _is_fused(self, layer: keras.layers.Layer) -> bool:
        """Whether all gates of a layer are one node."""
        # The fused node adds one vector to its product, which is that of one stream.
        if self.batch > 1:
            return False
        return self.quantization.has_int8_blocks and fusion_refusal(layer) is None
