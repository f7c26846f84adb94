"""The trained recogniser of a run, for `lrkeras.tune`."""

from __future__ import annotations

import dataclasses
import pathlib

import keras
import numpy as np

from lrkeras.tasks.speech_commands.aligned_ctc import AlignedCTC
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.connected_strings import MAX_WORDS, ConnectedStrings
from lrkeras.tasks.speech_commands.corpus import load_clips
from lrkeras.tasks.speech_commands.training import metadata
from lrkeras.tasks.training.tunable import Tunable

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
    train = ConnectedStrings(load_clips(config, "train", data), config)
    judged = dataclasses.replace(config, steps_per_epoch=_VALID_BATCHES)
    valid = ConnectedStrings(_with_noise(config, data), judged)
    file = pathlib.Path(out) / f"{config.models[0]}.keras"
    model = keras.saving.load_model(file, compile=False)
    model.compile(
        keras.optimizers.AdamW(
            config.ctc_learning_rate,
            weight_decay=config.weight_decay,
            global_clipnorm=config.clip_norm,
        ),
        AlignedCTC(MAX_WORDS, config.frame_weight),
    )
    return Tunable(model, _joined(train), _joined(valid), metadata())


def _with_noise(config: SpeechCommandsConfig, data: str | pathlib.Path | None) -> list:
    clips = load_clips(config, "valid", data)
    noise = [clip for clip in load_clips(config, "train", data) if clip.is_noise]
    return clips if any(clip.is_noise for clip in clips) else [*clips, *noise]


def _joined(strings: ConnectedStrings) -> tuple[np.ndarray, np.ndarray]:
    batches = [strings.recorded(number) for number in range(strings.num_batches)]
    samples, outputs = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    return samples, outputs
