"""A function that several graphs of a file call, and that the file holds once."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any


@dataclasses.dataclass(frozen=True)
class TensorSpec:
    """Shape and type of a tensor."""

    shape: tuple[int, ...]
    dtype: str = "float32"


class Subroutine:
    """A function of tensors of fixed shapes.

    XNNPACK makes its own copy of the weights of every product in a file. A graph of many time
    steps would have a copy for each; with a subroutine there is one for all steps and all
    signatures. `tensorflow_lowering` traces it once and puts a call where it was used.

    Args:
        name: Name of its graph in the file.
        function: Takes tensors as `inputs` says and returns a list of them as `outputs` says.
        inputs, outputs: What they look like.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., list[Any]],
        inputs: list[TensorSpec],
        outputs: list[TensorSpec],
    ):
        self.name = name
        self.function = function
        self.inputs = inputs
        self.outputs = outputs
        self._stand_in: Callable[..., list[Any]] | None = None

    def __call__(self, *tensors: Any) -> list[Any]:
        """Computes the function, or calls what stands in for it."""
        return list((self._stand_in or self.function)(*tensors))

    @contextlib.contextmanager
    def replaced(self, stand_in: Callable[..., list[Any]]) -> Iterator[None]:
        """While it lasts, calls go to `stand_in`; `function` is still the function."""
        self._stand_in = stand_in
        try:
            yield
        finally:
            self._stand_in = None
