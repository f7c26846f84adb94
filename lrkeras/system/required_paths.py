"""What scripts ask of the paths they are given before hours of work, not after them."""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Iterable


def require_paths(
    *,
    reads: Iterable[str | os.PathLike | None] = (),
    writes: Iterable[str | os.PathLike | None] = (),
    hint: str = "",
) -> None:
    """Ends a script with one line unless what it reads is there and what it writes can be written.

    Args:
        reads: files and folders that must exist; None stands for an option that was left out.
        writes: files to be written, whose folders must exist; None as above.
        hint: a sentence after the names of what is missing: where it comes from.

    Raises:
        SystemExit: with a line that names what is missing.
    """
    missing = [str(path) for path in reads if path is not None and not pathlib.Path(path).exists()]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        sys.exit(
            f"error: expected {', '.join(missing[:3])}{more}; nothing is there. {hint}".strip()
        )
    for path in (pathlib.Path(path) for path in writes if path is not None):
        if path.is_dir():
            sys.exit(f"error: expected the path of a file to write; received the folder {path}.")
        if not path.parent.is_dir():
            sys.exit(f"error: no folder {path.parent} to write {path.name} into; make it first.")
        if not os.access(path.parent, os.W_OK):
            sys.exit(f"error: the folder {path.parent} cannot be written.")
