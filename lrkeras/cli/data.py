"""Examples that the commands train and judge on."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

from lrkeras.cli import arrays

if TYPE_CHECKING:
    import keras

    from lrkeras.tuning.tuning_data import TuningData

HELP = (
    "a .npz file with the arrays x (or one for each input, by its name) and y, and x_val and y_val "
    "to choose on; or module:function, which returns (train, validation) as model.fit takes them"
)

OUTPUTS_HELP = (
    "what the outputs are, for a teacher, where model and loss do not tell: softmax, logits, "
    "sigmoid, binary_logits or values"
)


def read(model: keras.Model, source: str) -> dict[str, TuningData]:
    """Reads examples.

    Args:
        model: The model that they are for.
        source: `file.npz` or `module:function`.

    Returns:
        `"train"`, `"validation"` and, where there are some, `"test"`.

    Raises:
        ValueError: There are none to train or to choose on, or they do not fit the model.
        FileNotFoundError: There is no such file.
    """
    from lrkeras.tuning.tuning_data import TuningData

    if source.endswith(".npz"):
        content = arrays.inputs(source)
        if not isinstance(content, dict):
            raise ValueError(f"Expected a .npz file of several arrays, received {source!r}.")
        found = {
            "train": TuningData.of_arrays(model, content, ""),
            "validation": TuningData.of_arrays(model, content, "_val"),
        }
        if any(name.endswith("_test") for name in content):
            found["test"] = TuningData.of_arrays(model, content, "_test")
        return found
    parts = _called(source)
    names = ("train", "validation", "test")[: len(parts)]
    return {name: TuningData.of(model, part, name) for name, part in zip(names, parts, strict=True)}


def _called(source: str) -> Any:
    """What the function of `module:function` returns."""
    module, colon, name = source.partition(":")
    if not colon or not module or not name:
        raise ValueError(f"Expected --data as a .npz file or module:function, received {source!r}.")
    # A module in the folder that the command is called in, as `python -m` finds it.
    sys.path.insert(0, os.getcwd())
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"Expected a function {name!r} in the module {module!r}: {error}"
        ) from error
    finally:
        sys.path.remove(os.getcwd())
    parts = function()
    if not isinstance(parts, tuple) or len(parts) not in (2, 3):
        raise ValueError(
            f"Expected {source!r} to return (train, validation) or (train, validation, test), "
            f"received {type(parts).__name__}."
        )
    return parts
