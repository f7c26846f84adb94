"""Files that appear under their name only when they are complete."""

import contextlib
import os
import pathlib
import secrets
from collections.abc import Iterator


@contextlib.contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[pathlib.Path]:
    """The path of an empty draft beside `path`, which becomes `path` if the block succeeds.

    The draft has the suffix of `path`; if the block raises, it is deleted and what was under the
    name before is still there.

    Args:
        path: The file to write.

    Raises:
        IsADirectoryError: If `path` is a folder.
        OSError: If the folder of `path` cannot be written.
    """
    target = pathlib.Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"Expected the path of a file, received the folder {str(path)!r}.")
    draft = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.draft{target.suffix}")
    # Made here, so that a folder that cannot be written is told before the work is done. The system
    # takes away from the permissions what the process's mask says, as for every new file.
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield draft
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)
