"""The clips of a run."""

from __future__ import annotations

import pathlib

from lrkeras.datasets import speech_commands
from lrkeras.datasets.clip import Clip
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.training.data_folder import check_data_folder

COMMANDS_FOLDER, DIGITS_FOLDER = "speech-commands-test", "fsdd"


def files_of(data: str | pathlib.Path) -> list[pathlib.Path]:
    """What must be in the folder of the corpora for `load_clips` to find its clips."""
    folder = pathlib.Path(data)
    commands = folder / COMMANDS_FOLDER
    return [commands / "index.tsv", commands / "wav", folder / DIGITS_FOLDER / "recordings"]


def load_clips(
    config: SpeechCommandsConfig, split: str, data: str | pathlib.Path | None = None
) -> list[Clip]:
    """Loads the clips of a split.

    Args:
        config: the run.
        split: `"train"`, `"valid"` or `"test"`, of different speakers. The held-out speaker of the
            digits is in the test split, all other speakers of digits are in the training split.
        data: the folder that holds `speech-commands-test/` and `fsdd/`; only the corpus
            `"embedded"` needs none.

    Raises:
        ValueError: the corpus or the held-out speaker is unknown, or `data` is missing.
        FileNotFoundError: the folder does not hold the corpora.
    """
    check_data_folder(data)
    if config.corpus == "embedded":
        return speech_commands.load_data(split)
    if config.corpus != "full":
        raise ValueError(f"corpus must be 'embedded' or 'full'; received {config.corpus!r}.")
    if data is None:
        raise ValueError(
            f"The corpus {config.corpus!r} does not come with the package; received no folder. "
            f"Pass the folder that holds {COMMANDS_FOLDER}/ and {DIGITS_FOLDER}/ as `data` "
            "(--data on the command line)."
        )
    everyone = speech_commands.FSDD_SPEAKERS
    if config.held_out not in everyone:
        raise ValueError(f"held_out must be one of {everyone}; received {config.held_out!r}.")
    missing = [str(path) for path in files_of(data) if not path.exists()]
    if missing:  # said before a minute of reading
        raise FileNotFoundError(
            f"Expected {', '.join(missing)}; nothing is there. Pass the folder into which "
            f"{COMMANDS_FOLDER}/ and {DIGITS_FOLDER}/ were unpacked as `data`."
        )
    folder = pathlib.Path(data)
    clips = speech_commands.load_speech_commands(folder / COMMANDS_FOLDER, split)
    speakers = {
        "train": [speaker for speaker in everyone if speaker != config.held_out],
        "valid": [],
        "test": [config.held_out],
    }[split]
    if speakers:
        clips += speech_commands.load_fsdd(folder / DIGITS_FOLDER, speakers)
    return clips
