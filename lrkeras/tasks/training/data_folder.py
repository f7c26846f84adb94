"""The folder of a corpus that does not come with the package."""

from __future__ import annotations

import os
import pathlib


def check_data_folder(data: str | os.PathLike | None) -> None:
    """Raises `FileNotFoundError` if a folder was named that is not there, needed or not."""
    if data is not None and not pathlib.Path(data).is_dir():
        raise FileNotFoundError(
            f"Expected the folder of a corpus as `data`; {os.fspath(data)!r} is no folder. Pass "
            "that into which the corpus was unpacked."
        )
