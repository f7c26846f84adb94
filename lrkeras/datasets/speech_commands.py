"""Spoken commands and digits.

`load_data` reads the few clips that come with the package. `load_speech_commands` and `load_fsdd`
read corpora from a folder the caller names.
"""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Collection
from importlib import resources

from lrkeras.datasets.clip import Clip
from lrkeras.datasets.wav import read_wav

COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SPLITS = ("train", "valid", "test")
FSDD_SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
_NOISE = "_silence_"


def load_data(split: str = "train") -> list[Clip]:
    """Loads the clips that come with the package: enough to try things, not to learn from.

    See `lrkeras/datasets/speech_clips/NOTICE.md` for their sources and licences.

    Args:
        split: `"train"`, `"valid"` or `"test"`, of different speakers.

    Raises:
        ValueError: there is no such split.

    Example:
    >>> {clip.word for clip in load_data("test")} >= {"yes", "nine"}
    True
    """
    with resources.as_file(resources.files("lrkeras.datasets").joinpath("speech_clips")) as folder:
        return load_speech_commands(folder, split)


def load_speech_commands(path: str | pathlib.Path, split: str = "train") -> list[Clip]:
    """Loads clips of the Speech Commands data set.

    Args:
        path: the folder that holds `index.tsv`, with the columns `file`, `class`, `word`,
            `speaker` and `suggested_split`, and the files in `wav/`. No speaker is in two splits.
        split: `"train"`, `"valid"` or `"test"`.

    Returns:
        Clips in the order of the index; background noise has no word.

    Raises:
        FileNotFoundError: the folder, the index or a clip is missing.
        ValueError: there is no such split, the index lacks a column, or a clip is not a wav file.
    """
    if split not in SPLITS:
        raise ValueError(f"Expected a split of {SPLITS}; received {split!r}.")
    folder = pathlib.Path(path)
    index = folder / "index.tsv"
    if not index.is_file():
        raise FileNotFoundError(
            f"Expected a folder that holds index.tsv and wav/; received {str(folder)!r}. Pass the "
            "folder into which the corpus was unpacked."
        )
    with index.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    wanted = {"file", "class", "word", "speaker", "suggested_split"}
    if not rows or not wanted <= set(rows[0]):
        raise ValueError(
            f"Expected rows with the columns {sorted(wanted)} in {str(index)!r}; received "
            f"{sorted(map(str, rows[0])) if rows else 'no row'}. Unpack the corpus again."
        )
    return [
        Clip(
            samples=read_wav(folder / "wav" / row["file"]),
            word="" if row["class"] == _NOISE else row["word"],
            speaker=row["speaker"],
            name=row["file"],
        )
        for row in rows
        if row["suggested_split"] == split
    ]


def load_fsdd(path: str | pathlib.Path, speakers: Collection[str] = FSDD_SPEAKERS) -> list[Clip]:
    """Loads the Free Spoken Digit Dataset, brought from 8 to 16 kHz.

    To leave one speaker out, ask for the others, and then for that one.

    Args:
        path: the folder that holds `recordings/`, with files named `DIGIT_SPEAKER_NUMBER.wav`.
        speakers: whose recordings.

    Returns:
        Clips in the order of their names.

    Raises:
        FileNotFoundError: the folder is missing, or has no recording of a speaker.
        ValueError: a file is not a wav file.
    """
    folder = pathlib.Path(path) / "recordings"
    clips = []
    for file in sorted(folder.glob("*_*_*.wav")):
        digit, speaker, _ = file.stem.split("_")
        if speaker in speakers:
            clips.append(Clip(read_wav(file), DIGITS[int(digit)], speaker, file.name))
    missing = sorted(set(speakers) - {clip.speaker for clip in clips})
    if missing:
        raise FileNotFoundError(
            f"Expected recordings of {', '.join(missing)} in {str(folder)!r}, received none. Pass "
            f"the folder into which the corpus was unpacked; its speakers: {FSDD_SPEAKERS}."
        )
    return clips
