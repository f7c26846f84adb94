"""JSON files."""

import json
import os
from typing import Any

from lrkeras.system.atomic_write import write_text


def write_json(file: str | os.PathLike, content: Any) -> None:
    """Writes JSON for people and programs; the file appears whole or not at all.

    Raises:
        OSError: The file cannot be written.
        TypeError: `content` holds something that JSON does not know.
    """
    write_text(file, json.dumps(content, indent=1))
