"""Imports of the packages that only some users need, with an error that says how to get them."""

import importlib
import types

_USES = {
    "export": "converting and running .tflite files",
    "onnx": "importing models from ONNX and PyTorch",
    "torch": "importing models from PyTorch",
}


def require(module: str, extra: str = "export", purpose: str | None = None) -> types.ModuleType:
    """Imports `module`, which an extra installs.

    Args:
        module: Dotted name of the module, such as `"ai_edge_litert.interpreter"`.
        extra: The extra that has it.
        purpose: What needs it; what the extra is for where it is left out.

    Returns:
        The imported module.

    Raises:
        ImportError: If the package is not installed; the message names the extra.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".", maxsplit=1)[0]
        purpose = purpose or _USES.get(extra, "this")
        raise ImportError(
            f"Expected the package `{package}`, which {purpose} needs, but it cannot "
            f'be imported ({error}). Install it with: pip install "lrkeras[{extra}]"'
        ) from error
