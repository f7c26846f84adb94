"""Making LiteRT interpreters."""

import os
from typing import Any

from lrkeras.export.tflite.check_file import check_file
from lrkeras.system.optional_imports import require
from lrkeras.system.shortened import shortened


def open_interpreter(
    path: str | os.PathLike,
    num_threads: int = 1,
    use_xnnpack: bool = True,
    *,
    is_checked: bool = False,
) -> Any:
    """Loads a .tflite file and allocates its tensors.

    Args:
        path: The file.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK takes the operators it knows; else all run on the kernels
            built into the runtime.
        is_checked: Whether `check_file` has looked at it, or it was just written.

    Returns:
        An `ai_edge_litert.interpreter.Interpreter`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or the runtime cannot read it.
    """
    interpreter = load_interpreter(path, num_threads, use_xnnpack, is_checked=is_checked)
    allocate(interpreter, path)
    return interpreter


def load_interpreter(
    path: str | os.PathLike, num_threads: int, use_xnnpack: bool, *, is_checked: bool = False
) -> Any:
    """Loads a file as `open_interpreter` does, and leaves the allocation to `allocate`."""
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"Expected a .tflite file, received {path!r}, which does not exist."
        )
    if not is_checked:
        check_file(path)
    module = require("ai_edge_litert.interpreter")
    kinds = module.OpResolverType
    kind = kinds.AUTO if use_xnnpack else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        return module.Interpreter(
            model_path=path, num_threads=num_threads, experimental_op_resolver_type=kind
        )
    except (RuntimeError, ValueError) as error:
        raise _unreadable(path, error) from error


def allocate(interpreter: Any, path: str | os.PathLike) -> None:
    """Allocates the tensors of an interpreter of `path`; an error names the file."""
    try:
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str | os.PathLike, error: Exception) -> ValueError:
    reason = str(error)
    # Pages of advice for C++ and Android follow in the runtime's own words.
    for sign in ("Select TensorFlow op", "unresolved custom op"):
        if sign in reason:
            name = reason.rsplit("(", maxsplit=1)[-1].split(")", maxsplit=1)[0]
            reason = (
                f"it needs {name}, an operator that this runtime has no kernel for. "
                f"`lrkeras inspect {os.fspath(path)}` says which layers need such operators"
            )
    return ValueError(
        f"Expected a .tflite file that the runtime can load, received {os.fspath(path)!r}: "
        f"{shortened(reason, 500)}"
    )
