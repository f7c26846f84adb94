"""Sub-words of both languages."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Sequence

import numpy as np

from lrkeras.system.held_folder import scratch_folder
from lrkeras.system.optional_imports import require

# As keras-hub numbers them.
PADDING, UNKNOWN, START, END = range(4)


class SubWords:
    """Texts as ids of sub-words (SentencePiece, Kudo and Richardson 2018) and back.

    The vocabulary is trained by `keras_hub.tokenizers.compute_sentence_piece_proto`, the ids are
    those of `keras_hub.tokenizers.SentencePieceTokenizer`.

    Args:
        proto: a vocabulary, as `train` makes it.

    Attributes:
        proto: that.

    Raises:
        ImportError: keras-hub is not installed; the message says how to install it.
    """

    def __init__(self, proto: bytes) -> None:
        hub = require("keras_hub", "translation")
        self.proto = proto
        self._tokenizer = hub.tokenizers.SentencePieceTokenizer(proto=proto)

    @classmethod
    def train(cls, texts: Iterable[str], num_pieces: int) -> SubWords:
        """Finds the sub-words of texts.

        Args:
            texts: of both languages.
            num_pieces: how many sub-words, the four special ones among them.
        """
        hub = require("keras_hub", "translation")
        require("sentencepiece", "translation").SetMinLogLevel(1)  # else it lists its settings
        with scratch_folder() as folder:
            file = pathlib.Path(folder) / "texts.txt"
            file.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
            return cls(hub.tokenizers.compute_sentence_piece_proto([str(file)], num_pieces, "bpe"))

    def __len__(self) -> int:
        return self._tokenizer.vocabulary_size()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, without start and end."""
        return [[int(piece) for piece in ids] for ids in self._tokenizer(list(texts))]

    def decode(self, rows: Iterable[Sequence[int]]) -> list[str]:
        """The texts of ids, of which those of start, end and padding are left out."""
        kept = [[int(piece) for piece in row if piece not in (PADDING, START, END)] for row in rows]
        return [self._tokenizer.detokenize(row) if row else "" for row in kept]


def padded(rows: Sequence[Sequence[int]], length: int) -> np.ndarray:
    """Ids as int32 `(sentences, length)`, cut, or with padding behind the last."""
    found = np.full((len(rows), length), PADDING, "int32")
    for target, row in zip(found, rows, strict=True):
        target[: len(row)] = row[:length]
    return found
