"""How well the digits of a speaker are recognised whom no model has heard."""

from __future__ import annotations

import dataclasses
import pathlib

import keras

from lrkeras.datasets.speech_commands import FSDD_SPEAKERS
from lrkeras.export import convert
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.corpus import load_clips
from lrkeras.tasks.speech_commands.file_evaluation import FileEvaluation
from lrkeras.tasks.speech_commands.training import metadata, train


def leave_one_out(
    config: SpeechCommandsConfig,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path,
    verbose: int = 0,
) -> dict[str, float]:
    """Trains a dense model without each speaker of digits in turn, and tests it on that one.

    A run that was stopped goes on where it was.

    Args:
        config: the run; its models and its held-out speaker do not matter.
        out: the folder; each speaker has one in it.
        data: the folder that holds `speech-commands-test/` and `fsdd/`.
        verbose: Keras's `verbose`.

    Returns:
        For each speaker the share of the clips whose digit is the likeliest of all labels.

    Raises:
        ValueError, OSError: as `train` does.
        ConversionError: a model could not be converted.
    """
    found = {}
    for speaker in FSDD_SPEAKERS:
        folder = pathlib.Path(out) / speaker
        one = dataclasses.replace(config, held_out=speaker, models=("dense",))
        train(one, folder, data=data, verbose=verbose)
        file = folder / "dense.tflite"
        if not file.exists():
            model = keras.saving.load_model(folder / "dense.keras", compile=False)
            convert(model, file, metadata=metadata())
        clips = [clip for clip in load_clips(one, "test", data) if clip.speaker == speaker]
        found[speaker] = FileEvaluation(file).digit_accuracy(clips)
    return found
