"""The trained recogniser of a run, for `lrkeras.tune`."""

from __future__ import annotations

import pathlib

import keras

from lrkeras.tasks.speech_commands.aligned_ctc import AlignedCTC
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.connected_strings import MAX_WORDS, ConnectedStrings
from lrkeras.tasks.speech_commands.corpus import load_clips
from lrkeras.tasks.speech_commands.training import metadata
from lrkeras.tasks.training.optimizer import adamw_at
from lrkeras.tasks.training.tunable import Tunable, joined

_VALID_BATCHES = 4


def tunable(
    config: SpeechCommandsConfig, out: str | pathlib.Path, data: str | pathlib.Path | None = None
) -> Tunable:
    """The first model of a finished run with its front end, and strings of spoken words.

    An epoch's strings of samples to train on, and others of the validation speakers to judge on, by
    the loss of the first stage of the training.

    Args:
        config: The run.
        out: Its folder.
        data: The folder of its corpus.
    """
    clips, others = (load_clips(config, part, data) for part in ("train", "valid"))
    if not any(clip.is_noise for clip in others):
        others = [*others, *[clip for clip in clips if clip.is_noise]]
    strings = ConnectedStrings(clips, config)
    valid = ConnectedStrings(others, config)
    file = pathlib.Path(out) / f"{config.models[0]}.keras"
    model = keras.saving.load_model(file, compile=False)
    model.compile(
        adamw_at(config.ctc_rate, config),
        AlignedCTC(MAX_WORDS, config.frame_weight),
    )
    train = joined(strings.recorded(number) for number in range(strings.num_batches))
    validation = joined(valid.recorded(number) for number in range(_VALID_BATCHES))
    return Tunable(model, train, validation, metadata())
