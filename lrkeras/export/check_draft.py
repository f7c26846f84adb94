"""What a file must not have in it, whatever its results are."""

import os

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.sparse_hazards import find_sparse_hazards


def check_draft(file: ModelFile, path: str | os.PathLike) -> None:
    """Checks the operators of a file.

    Args:
        file: Its content.
        path: Where that was written.

    Raises:
        ConversionError: If some are not built into the runtime, or are sparse where XNNPACK would
            read them as dense.
    """
    custom = sorted(name for name in file.operator_counts() if name.startswith("CUSTOM"))
    if custom:
        raise ConversionError(f"Expected built-in operators only, received {custom}.")
    hazards = find_sparse_hazards(path)
    if hazards:
        raise ConversionError(
            f"Expected sparse filters in nodes that XNNPACK leaves alone, received {hazards}."
        )
