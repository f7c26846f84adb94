"""How and where a training was begun, for its result."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import platform
import sys

import keras

from lrkeras.system.machine import describe_machine
from lrkeras.system.versions import package_versions


@dataclasses.dataclass(frozen=True)
class Begun:
    """How and where a training was begun."""

    command: str
    machine: str
    python: str
    backend: str
    threads: str
    versions: dict

    @classmethod
    def now(cls) -> Begun:
        """That of this process."""
        program, *arguments = sys.argv
        return cls(
            command=" ".join([pathlib.Path(program).name, *arguments]),
            machine=describe_machine(),
            python=platform.python_version(),
            backend=keras.backend.backend(),
            threads=os.environ.get("OMP_NUM_THREADS", "as many as there are"),
            versions=package_versions(),
        )
