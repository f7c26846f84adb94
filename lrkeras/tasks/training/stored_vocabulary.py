"""The words that a converted word model carries."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from lrkeras.datasets import Vocabulary


def stored_vocabulary(metadata: Mapping[str, Any], path: str | os.PathLike) -> Vocabulary:
    """Reads the vocabulary of a file.

    Args:
        metadata: the file's JSON entry, as `StepRunner.metadata` has it.
        path: the file, to be named.

    Raises:
        ValueError: there is none.
    """
    words = metadata.get("vocabulary")
    if not words:
        raise ValueError(
            f"Expected a vocabulary in the metadata of {os.fspath(path)!r}; received "
            f"{sorted(metadata)}. Convert with metadata={{'vocabulary': [...]}}."
        )
    return Vocabulary(words)
