"""The forms in which a model can be in a file: what a signature runs at once."""

import dataclasses
import re
from collections.abc import Sequence

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.model_graph.input_kinds import fixed_length

_EXPECTED = "'auto', 'step', 'chunk_N' with N from 2 (such as 'chunk_16'), 'sequence' or 'seq2seq'"
AUTO = "auto"


@dataclasses.dataclass(frozen=True)
class Form:
    """What one call of a signature computes.

    Attributes:
        kind: `"step"`: one time step. `"chunk"`: `steps` of them; both take the states and give
            the new ones. `"sequence"`: a whole sequence of `steps`, from states of zeros. The two
            of a file of the form seq2seq: `"encode"`, a whole source, and `"decode"`, one target
            step, with states. `"auto"`: not chosen yet.
        steps: Time steps of one call; None for a sequence whose length is not settled yet.
        batch: Streams, or sequences, that one call runs side by side.
    """

    kind: str = "step"
    steps: int | None = 1
    batch: int = 1

    @property
    def name(self) -> str:
        """Name of the signature, such as `"chunk_16"`."""
        return f"chunk_{self.steps}" if self.kind == "chunk" else self.kind

    @property
    def has_states(self) -> bool:
        """Whether states go in and out."""
        return self.kind not in ("sequence", "encode")

    def settled(self, model: keras.Model, steps: int | None) -> "Form":
        """The form with its length: a sequence is as long as the model, or `steps` if that is open.

        Raises:
            ConversionError: If neither says how long, or they differ.
        """
        if self.steps is not None:
            return self
        length = fixed_length(model)
        if length is None and steps is None:
            raise ConversionError(
                f"Expected the length of the form {self._called}, which `{model.name}` leaves "
                "open. Give it as steps=..., or build the model with keras.Input((length, ...))."
            )
        if None not in (length, steps) and length != steps:
            raise ConversionError(
                f"Expected the form {self._called} to be as long as the model, {length} steps, "
                f"received steps={steps}. Leave `steps` out."
            )
        return dataclasses.replace(self, steps=length or steps)

    @property
    def _called(self) -> str:
        return "'seq2seq' (of its source)" if self.kind == "encode" else repr(self.kind)

    @classmethod
    def get(cls, name: str, chunk: int | None = None) -> "Form":
        """Looks a form up by its name; `"chunk"` takes its length from `chunk`.

        Raises:
            ConversionError: If it is not one.
        """
        if not isinstance(name, str):
            raise ConversionError(f"Expected the name of a form, {_EXPECTED}, received {name!r}.")
        if name == "step":
            return cls()
        if name in ("sequence", AUTO):
            return cls(name, None)
        if name == "seq2seq":
            raise ConversionError(
                "Expected the form 'seq2seq' alone, received it beside others. Its file has the "
                "signatures encode and decode; write another file for another form."
            )
        if name == "chunk" and chunk is None:
            raise ConversionError("Expected `chunk`, the steps of the form 'chunk', received None.")
        match = re.fullmatch(r"chunk_([1-9][0-9]*)", f"chunk_{chunk}" if name == "chunk" else name)
        if match is None or int(match[1]) < 2:
            given = f" with chunk={chunk!r}" if name == "chunk" else ""
            raise ConversionError(f"Expected `form` to be {_EXPECTED}, received {name!r}{given}.")
        return cls("chunk", int(match[1]))

    @classmethod
    def all_of(cls, form: str, forms: Sequence[str] | None, chunk: int | None) -> list["Form"]:
        """The forms of a file, from the options of `convert`.

        Raises:
            ConversionError: If one is unknown or comes twice, or both options are used.
        """
        if forms is None:
            names = [form]
        elif form != "step":
            raise ConversionError(
                f"Expected `form` or `forms`, received both: form={form!r}, forms={forms!r}."
            )
        else:
            names = [forms] if isinstance(forms, str) else list(forms)
        found = [cls.get(name, chunk) for name in names]
        if not found or len(set(found)) != len(found):
            raise ConversionError(f"Expected different forms, one or more, received {names}.")
        if AUTO in names and len(names) > 1:
            raise ConversionError(
                f"Expected the form 'auto' alone, which chooses one, received {names}."
            )
        if chunk is not None and "chunk" not in names:
            raise ConversionError(f"Expected `chunk` with the form 'chunk' only, received {names}.")
        return found
