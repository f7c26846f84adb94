"""Imports of the packages that only some users need, with an error that says how to get them."""

import importlib
import types

_USES = {
    "export": "converting and running .tflite files",
    "saved_model": "reading SavedModel folders",
    "onnx": "importing models from ONNX and PyTorch",
    "tune": "searching for the best file",
    "torch": "importing models from PyTorch",
    "translation": "translation",
}


def require(module: str, extra: str = "export") -> types.ModuleType:
    """Imports `module`, which an extra installs.

    Args:
        module: Dotted name of the module, such as `"ai_edge_litert.interpreter"`.
        extra: The extra that has it.

    Returns:
        The imported module.

    Raises:
        ImportError: If the package is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".", maxsplit=1)[0]
        raise ImportError(
            f"Expected the package `{package}`, which {_USES.get(extra, 'this')} needs, "
            f'but it cannot be imported ({error}). Install it with: pip install "lrkeras[{extra}]"'
        ) from error
