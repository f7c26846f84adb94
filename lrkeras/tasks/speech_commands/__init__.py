"""Spoken commands and digits: a dense LSTM and compressed ones that learn from it.

`training.py` is the file to read first: it trains the models of `model.py` on strings of words
(`connected_strings.py`), as `config.py` says, with the loss of `aligned_ctc.py`.
`streaming_recogniser.py` runs a converted model on a stream of samples, `file_evaluation.py` scores
one.
"""

from lrkeras.tasks.speech_commands.config import PRESETS, SpeechCommandsConfig
from lrkeras.tasks.speech_commands.model import STRUCTURES, build_network, with_front_end
from lrkeras.tasks.speech_commands.training import train, train_model
from lrkeras.tasks.speech_commands.tunable import tunable

__all__ = [
    "PRESETS",
    "STRUCTURES",
    "SpeechCommandsConfig",
    "build_network",
    "train",
    "train_model",
    "tunable",
    "with_front_end",
]
