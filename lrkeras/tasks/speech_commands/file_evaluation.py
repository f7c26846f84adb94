"""What a converted model gets right on speakers it never heard."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from lrkeras.datasets.clip import Clip
from lrkeras.datasets.speech_commands import DIGITS
from lrkeras.datasets.wav import SAMPLE_RATE
from lrkeras.export import StepRunner
from lrkeras.export.runtime.ctc_decoding import greedy
from lrkeras.tasks.speech_commands import augmentation
from lrkeras.tasks.speech_commands.ctc_scores import single_word_scores
from lrkeras.tasks.speech_commands.front_end import HOP
from lrkeras.tasks.speech_commands.labels import BLANK, LABELS, words_of
from lrkeras.tasks.speech_commands.single_clips import SingleClips
from lrkeras.tasks.speech_commands.streaming_recogniser import StreamingRecogniser
from lrkeras.tasks.speech_commands.strings_of_speakers import SpokenString
from lrkeras.tasks.speech_commands.word_errors import word_errors
from lrkeras.tasks.speech_commands.word_span import word_span

# What a recording of noise is changed to, for more of it: speeds, and gains in decibels.
_SPEEDS, _GAINS = (0.9, 1.0, 1.1), (-12, 0, 6)


class FileEvaluation:
    """Scores a .tflite file of this task, run step by step as in an application.

    Args:
        path: the file.
        blank_bias: as `StreamingRecogniser` takes it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not one of this task.
    """

    def __init__(self, path: str | os.PathLike, blank_bias: float = 0.0) -> None:
        self.recogniser = StreamingRecogniser(path, blank_bias=blank_bias)
        self._bias = blank_bias * (np.arange(len(LABELS) + 1) == BLANK)
        self.runner: StepRunner = self.recogniser.runner

    def logits(self, samples: np.ndarray) -> np.ndarray:
        """Logits `(1, frames, outputs)` of samples `(samples,)`, from the start of a stream."""
        self.runner.reset()
        logits = self.runner.run(samples[: len(samples) // HOP * HOP].reshape(-1, HOP))
        return logits + self._bias.astype(np.float32)

    def accuracy(self, clips: Sequence[Clip]) -> float:
        """The share of clips of one second whose class, of twelve, is found."""
        return float(np.mean(self.hits(clips)))

    def hits(self, clips: Sequence[Clip]) -> list[bool]:
        """Whether the class of each clip of one second, of twelve, is found."""
        return SingleClips(clips).hits_of(lambda hops: self.logits(hops.ravel()))

    def digit_accuracy(self, clips: Sequence[Clip]) -> float:
        """The share of clips of digits whose word is the likeliest of all labels."""
        right = []
        for clip in clips:
            if clip.word in DIGITS:
                padded = np.pad(clip.samples, (0, 16 * HOP))
                found = single_word_scores(self.logits(padded))[0].argmax()
                right.append(found != BLANK and LABELS[found - 1] == clip.word)
        return float(np.mean(right))

    def errors_of_words(self, strings: Sequence[SpokenString]) -> list[list[int]]:
        """For each string the `word_errors` of the greedy decoding."""
        return [
            word_errors(words, words_of(greedy(self.logits(np.pad(samples, (0, 16 * HOP)))[0])))
            for samples, words, _ in strings
        ]

    def latencies(self, clips: Sequence[Clip]) -> list[float]:
        """Seconds from the end of a word to its name, for clips whose word alone is named.

        The end is where `word_span` finds it; a word that is named before its end has a negative
        latency.
        """
        found = []
        for clip in clips:
            if clip.word not in LABELS:
                continue
            words = self.recogniser.accept(clip.samples) + self.recogniser.finish()
            if [word.word for word in words] == [clip.word]:
                found.append(words[0].heard - word_span(clip.samples)[1] / SAMPLE_RATE)
        return found

    def false_alarms(self, clips: Sequence[Clip]) -> dict[str, float]:
        """Words found in noise: `words`, `hours`, `per_hour`.

        Recordings of noise follow each other without a reset, each at several speeds and gains.
        """
        words, samples = 0, 0
        for speed in _SPEEDS:
            for gain in _GAINS:
                for clip in clips:
                    if not clip.is_noise:
                        continue
                    noise = augmentation.change_speed(clip.samples, speed)
                    noise = np.clip(noise * np.float32(10 ** (gain / 20)), -1, 1)
                    words += len(self.recogniser.accept(noise))
                    samples += len(noise)
        words += len(self.recogniser.finish())
        hours = samples / SAMPLE_RATE / 3600
        return {"words": words, "hours": hours, "per_hour": words / hours if hours else 0.0}
