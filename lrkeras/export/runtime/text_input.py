"""From text to the ids that a file takes, as the Keras layers that were cut off did it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# What TensorFlow's kernels, which Keras calls, take for blanks, capitals and punctuation: ASCII.
_BLANKS = re.compile("[ \t\n\v\f\r]+")
_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})
_PUNCTUATION = str.maketrans(dict.fromkeys("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"))


class TextInput:
    """Does what a `TextVectorization`, `StringLookup` or `IntegerLookup` did in front of a model.

    Args:
        settings: The entry of one input under `text` in a file's metadata.

    Attributes:
        vocabulary: The tokens; the id of each is its place.

    Example:
        >>> runner = StepRunner("model.tflite")  # doctest: +SKIP
        >>> text = TextInput(runner.metadata["text"]["words"])  # doctest: +SKIP
        >>> runner.run(text.ids("some text"))  # doctest: +SKIP
    """

    def __init__(self, settings: Mapping[str, Any]):
        self._kind = settings["kind"]
        self._standardize = settings.get("standardize")
        self._split = settings.get("split")
        self._length = settings.get("output_sequence_length")
        self._unknown = settings.get("unknown_id")
        self.vocabulary: list[Any] = list(settings["vocabulary"])
        self._ids = {token: place for place, token in enumerate(self.vocabulary)}

    def ids(self, text: Any) -> np.ndarray:
        """The ids of a text, or of several.

        Args:
            text: Of a `TextVectorization`: a string, or a sequence of strings. Of the others: a
                token, or a sequence of tokens of any shape.

        Returns:
            int32. Of a `TextVectorization`: `(time,)`, or `(texts, time)` with zeros behind the
            shorter ones. Of the others: as many ids as tokens, in the same shape.

        Raises:
            ValueError: If a token is not in the vocabulary and the layer has no id for such.
        """
        if self._kind != "TextVectorization":
            tokens = np.asarray(text, object)
            found = [self._id(token) for token in tokens.ravel()]
            return np.array(found, np.int32).reshape(tokens.shape)
        if isinstance(text, str):
            return self._padded([text])[0]
        return self._padded(list(text))

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text, as a `TextVectorization` cuts it."""
        if self._standardize in ("lower", "lower_and_strip_punctuation"):
            text = text.translate(_LOWER)
        if self._standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
            text = text.translate(_PUNCTUATION)
        if self._split == "whitespace":
            return [token for token in _BLANKS.split(text) if token]
        return list(text) if self._split == "character" else [text]

    def _padded(self, texts: Sequence[str]) -> np.ndarray:
        rows = [[self._id(token) for token in self.tokens(text)] for text in texts]
        length = self._length or max((len(row) for row in rows), default=0)
        table = np.zeros((len(rows), length), np.int32)
        for row, into in zip(rows, table, strict=True):
            into[: len(row)] = row[:length]
        return table

    def _id(self, token: Any) -> int:
        found = self._ids.get(token, self._unknown)
        if found is None:
            raise ValueError(
                f"Expected tokens of the vocabulary, received {token!r}: the model was trained "
                "without an id for unknown ones."
            )
        return found
