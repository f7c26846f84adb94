"""Spoken commands and digits: a dense LSTM and compressed ones that learn from it."""

from lrkeras.tasks.speech_commands.config import PRESETS, SpeechCommandsConfig
from lrkeras.tasks.speech_commands.model import STRUCTURES, build_network, with_front_end
from lrkeras.tasks.speech_commands.training import train, train_model

__all__ = [
    "PRESETS",
    "STRUCTURES",
    "SpeechCommandsConfig",
    "build_network",
    "train",
    "train_model",
    "with_front_end",
]
