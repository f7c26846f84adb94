"""Arrays that the commands read: `.npy` files, and `.npz` files of several inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrkeras.cli import files
from lrkeras.system.shortened import shortened

if TYPE_CHECKING:
    import numpy as np


_OR_SEVERAL = ", or a .npz file with one array for each input"


def inputs(path: str | None) -> np.ndarray | dict[str, np.ndarray] | None:
    """Reads inputs of a model: an array, or a dict of them by name from a `.npz` file.

    Raises:
        ValueError: the file is none that NumPy can read without running code.
    """
    return _load(path, "inputs", several=True)


def one(path: str | None, what: str) -> np.ndarray | None:
    """Reads one array.

    Args:
        path: the file, or None.
        what: what its numbers are, for an error.

    Raises:
        ValueError: the file is none that NumPy can read without running code, or holds several.
    """
    content = _load(path, what, several=False)
    if isinstance(content, dict):
        raise ValueError(
            f"Expected one array of {what} in {path!r}, a .npy file; received a .npz file with "
            f"{', '.join(content) or 'none'}."
        )
    return content


def _load(path: str | None, what: str, several: bool) -> np.ndarray | dict[str, np.ndarray] | None:
    if path is None:
        return None

    import numpy as np

    kinds = f"a .npy file of {what}{_OR_SEVERAL if several else ''}"
    try:
        # A file of its own: NumPy leaves one open that it cannot read.
        with open(files.existing(path), "rb") as file:
            content = np.load(file, allow_pickle=False)
            if isinstance(content, np.ndarray):
                return content
            return {name: content[name] for name in content.files}
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged zip raises many kinds
        said = shortened(str(error), 200)
        raise ValueError(f"Expected {kinds}; {path!r} is none: {said}") from error
