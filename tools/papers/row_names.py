"""What the tools read off, or make of, the name of a row; see `lrkeras.tasks.papers.language_models.rows`."""

import re

from lrkeras.tasks.papers.language_models.rows import config_of
from lrkeras.tasks.papers.row_name import FEWER_EPOCHS

# The rate and the precision of a training.
_TRAINING = r"rate\d+(\.\d+)?|float32"


def run_name(name: str, seed: int) -> str:
    """What folders and files of a run are called: its row, and its seed if that is not 1."""
    return name if seed == 1 else f"{name}.seed{seed}"


def dense_row_of(name: str) -> str:
    """The dense row of the same schedule: one of fewer epochs says so in its name."""
    fewer = [word for word in name.split("_") if re.fullmatch(FEWER_EPOCHS, word)]
    return "_".join([config_of(name).base, *fewer])


def as_compressed(name: str) -> str:
    """The name of a row without the rate and the precision of its training."""
    return without_options(name, _TRAINING)


def without_options(name: str, pattern: str) -> str:
    """The name of a row without the options that match a pattern."""
    return "_".join(word for word in name.split("_") if not re.fullmatch(pattern, word))
