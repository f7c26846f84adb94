"""Failures inside a conversion, told in plain text."""

import contextlib
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from lrkeras.export.conversion_error import ConversionError
from lrkeras.legacy_h5.reason_of import without_colours
from lrkeras.system.atomic_write import written_whole


@contextlib.contextmanager
def draft_of(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """A draft that becomes the file at `path` if the block succeeds.

    Raises:
        ConversionError: If the path cannot be written.
    """
    try:
        with written_whole(path) as draft:
            yield draft
    except OSError as error:
        raise ConversionError(
            f"Expected a path that can be written, received {os.fspath(path)!r}: {error}."
        ) from error


@contextlib.contextmanager
def told_plainly(name: str) -> Iterator[None]:
    """Turns whatever is raised in the block into a `ConversionError`.

    A missing package stays an `ImportError`, which says what to install.

    Args:
        name: Name of the model.
    """
    try:
        yield
    except (ConversionError, ImportError):
        raise
    except Exception as error:
        # TensorFlow, its converter, the quantiser and the runtime raise what they like.
        said = _plainly(error)
        raise ConversionError(
            f"Expected a model that can be converted, received `{name}`, on which the conversion "
            f"failed ({type(error).__name__}): {said} No file was written. If the message does not "
            "say what to change, report the model."
        ) from error


def failed_layer(layer: Any, form: str, error: Exception) -> ConversionError:
    """The error of a layer that does not run on what a form gives it."""
    other = "Use form='sequence', which gives every layer what it has in the model."
    if form == "sequence":
        other = "Change the layer, or convert the part of the model before or after it."
    return ConversionError(
        f"Expected layers that run in the form {form!r}, received `{layer.name}` "
        f"({type(layer).__name__}), which fails there ({type(error).__name__}): "
        f"{_plainly(error)} {other}"
    )


def _plainly(error: Exception) -> str:
    said = " ".join(without_colours(error).split()) or "no message"
    return said if len(said) <= 400 else said[:400] + " ..."
