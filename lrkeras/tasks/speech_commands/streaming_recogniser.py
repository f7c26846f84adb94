"""Samples in, words out, as they are spoken."""

from __future__ import annotations

import os

import numpy as np

from lrkeras.export import StepRunner
from lrkeras.export.runtime.ctc_decoding import prefix_beam
from lrkeras.tasks.speech_commands.end_pointer import EndPointer
from lrkeras.tasks.speech_commands.labels import UNKNOWN
from lrkeras.tasks.speech_commands.recognised_word import RecognisedWord

DECODINGS = ("greedy", "beam")
# Numbers this far beyond full scale are a loud recording; larger ones were never scaled.
_LOUDEST = 2.0


class StreamingRecogniser:
    """Runs a converted model over a stream of samples and tells the words in it.

    Samples may come in pieces of any length. Unknown words are not told.

    Args:
        model: a .tflite file with the signature `step` and the metadata of the task, or a
            `StepRunner` of one; several recognisers may share a loaded file with
            `runner.stream()`.
        decoding: `"greedy"`, or `"beam"`: a prefix beam search over what lies between two pauses.
        blank_bias: what is added to the score of the blank. More of it hears fewer words that
            nobody said, and misses more that somebody did.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not one of this task, the decoding is unknown, or the bias is not
            finite.

    Example:
    >>> from lrkeras.datasets import speech_commands
    >>> from lrkeras.models import model_file
    >>> clip = next(clip for clip in speech_commands.load_data("test") if clip.word == "yes")
    >>> recogniser = StreamingRecogniser(model_file("speech_commands_dense"))
    >>> samples = np.pad(clip.samples, (0, 16_000))  # a word ends with a second of silence
    >>> [word.word for word in recogniser.accept(samples)]
    ['yes']
    """

    def __init__(
        self,
        model: str | os.PathLike | StepRunner,
        decoding: str = "greedy",
        blank_bias: float = 0.0,
    ) -> None:
        if decoding not in DECODINGS:
            raise ValueError(f"Expected a decoding of {DECODINGS}; received {decoding!r}.")
        if not np.isfinite(blank_bias):
            raise ValueError(f"Expected a finite blank_bias; received {blank_bias}.")
        self.runner = model if isinstance(model, StepRunner) else StepRunner(model)
        self.decoding = decoding
        entry = self.runner.metadata
        missing = {"labels", "blank", "sample_rate", "hop"} - set(entry)
        if missing:
            raise ValueError(
                f"Expected a model of spoken commands, whose metadata tells {sorted(missing)}; "
                f"received one of the task {entry.get('task')!r}. Convert it with the metadata.json"
                " of its training run."
            )
        self.sample_rate: int = entry["sample_rate"]
        self.samples_per_step: int = entry["hop"]
        blank: int = entry["blank"]
        # By output: the labels follow each other, the blank stands somewhere among them.
        self.words: list[str] = [*entry["labels"][:blank], "", *entry["labels"][blank:]]
        self._end_pointer = EndPointer(blank)
        self._bias = np.zeros(len(self.words), np.float32)
        self._bias[blank] = blank_bias
        self.reset()

    def reset(self) -> None:
        """Starts a stream anew."""
        self.runner.reset()
        self._end_pointer.reset()
        self._rest = np.zeros(0, np.float32)
        self._logits: list[np.ndarray] = []
        self._steps = 0

    @property
    def pending(self) -> list[str]:
        """The words heard since the last pause; they may still change."""
        return [
            self.words[output]
            for output, _ in self._end_pointer.pending
            if self.words[output] != UNKNOWN
        ]

    def accept(self, samples: np.ndarray) -> list[RecognisedWord]:
        """Takes more samples.

        Args:
            samples: shape `(samples,)` at `sample_rate`: floats in [-1, 1] or int16.

        Returns:
            The words that became final.

        Raises:
            ValueError: the samples have several channels, are not finite, or not scaled.
        """
        stream = np.concatenate([self._rest, checked(samples)])
        whole = len(stream) // self.samples_per_step * self.samples_per_step
        self._rest = stream[whole:]
        words: list[RecognisedWord] = []
        for hop in stream[:whole].reshape(-1, self.samples_per_step):
            words += self._advance(hop)
        return words

    def finish(self) -> list[RecognisedWord]:
        """Ends the stream with a pause, so that a word at its end is heard and final.

        Returns:
            The words that became final. The next samples start a stream anew.
        """
        pause = np.zeros(self.samples_per_step * (2 * self._end_pointer.blank_steps), np.float32)
        words = self.accept(pause)
        words += self._words(self._end_pointer.flush())
        self.reset()
        return words

    def _advance(self, hop: np.ndarray) -> list[RecognisedWord]:
        logits = np.asarray(self.runner.step(hop)).reshape(-1) + self._bias
        self._steps += 1
        if self.decoding == "beam":
            self._logits.append(logits)
        return self._words(self._end_pointer.push(int(logits.argmax())))

    def _words(self, final: list[tuple[int, int]]) -> list[RecognisedWord]:
        if not final:
            return []
        if self.decoding == "beam":
            final = self._searched(final)
        hop, now = self.samples_per_step / self.sample_rate, self._steps
        return [
            RecognisedWord(self.words[output], (step + 1) * hop, now * hop)
            for output, step in final
            if self.words[output] != UNKNOWN
        ]

    def _searched(self, final: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The string of the beam search, at the steps of the greedy one where they correspond."""
        outputs = prefix_beam(np.stack(self._logits), self._end_pointer.blank)
        self._logits = []
        steps = [step for _, step in final]
        return [(output, steps[min(n, len(steps) - 1)]) for n, output in enumerate(outputs)]


def checked(samples: np.ndarray) -> np.ndarray:
    """Samples `(samples,)` as float32 in [-1, 1].

    Raises:
        ValueError: they have several channels, are not finite, or not scaled.
    """
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise ValueError(
            f"Expected samples of one channel, shape (samples,); received {samples.shape}. Take "
            "the mean of the channels, or read the file with lrkeras.datasets.wav.read_wav."
        )
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / 32768
    if samples.dtype.kind != "f":
        raise ValueError(
            f"Expected samples as floats in [-1, 1] or as int16; received {samples.dtype}."
        )
    loudest = np.abs(samples).max(initial=0)
    if not loudest <= _LOUDEST:
        raise ValueError(
            f"Expected finite samples in [-1, 1]; received one of {loudest}. Divide 16-bit numbers "
            "by 32768."
        )
    return np.clip(samples, -1, 1).astype(np.float32)
