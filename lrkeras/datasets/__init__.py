"""Loaders in the manner of `keras.datasets`, with a small embedded default for each task.

`words.py` is the file to read first: text as token ids, from the package, the Penn Treebank or
WikiText-2. `keyboard_text.py` mixes three corpora for a keyboard, `own_text.py` reads
anyone's text, `speech_commands.py` loads clips of words (`clip.py`, `wav.py`), `an4.py` the cepstra
of utterances (`spoken_utterance.py`), `intents.py` sentences and what they ask (`utterance.py`);
`vocabulary.py` is words and their ids.
"""

from lrkeras.datasets import intents, speech_commands, words
from lrkeras.datasets.clip import Clip
from lrkeras.datasets.utterance import Utterance
from lrkeras.datasets.vocabulary import Vocabulary
from lrkeras.datasets.wav import read_wav

__all__ = ["Clip", "Utterance", "Vocabulary", "intents", "read_wav", "speech_commands", "words"]
