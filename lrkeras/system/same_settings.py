"""Going on in a folder only where it holds a run of the same settings."""

import json
import pathlib
from collections.abc import Collection, Mapping
from typing import Any


def check_same_settings(
    file: pathlib.Path,
    settings: Mapping[str, Any],
    ignored: Collection[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> None:
    """Compares settings with those that a run has written; writes nothing.

    Args:
        file: The JSON file of the settings in the folder of a run, which need not exist.
        settings: Those of now.
        ignored: Names of what may differ.
        defaults: What settings are that the file does not know, as it is older than they are.

    Raises:
        ValueError: Others differ.
    """
    if not file.exists():
        return
    wanted = json.loads(json.dumps(settings))
    older = json.loads(json.dumps(defaults or {}))
    found = older | json.loads(file.read_text(encoding="utf-8"))
    changed = sorted(k for k in wanted if k not in ignored and found.get(k) != wanted[k])
    if changed:
        raise ValueError(
            f"Expected an empty folder or one with the same settings; {str(file.parent)!r} holds a "
            f"run with another {', '.join(changed)}. Choose another folder, or delete this one."
        )
