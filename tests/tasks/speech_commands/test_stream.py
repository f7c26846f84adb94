"""From samples to words with a converted model, and what it is scored by."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras.datasets import speech_commands
from lrkeras.datasets.clip import Clip
from lrkeras.export import convert
from lrkeras.export.runtime.ctc_decoding import greedy, prefix_beam
from lrkeras.tasks.speech_commands import build_network, with_front_end
from lrkeras.tasks.speech_commands.config import SpeechCommandsConfig
from lrkeras.tasks.speech_commands.end_pointer import EndPointer
from lrkeras.tasks.speech_commands.file_evaluation import FileEvaluation
from lrkeras.tasks.speech_commands.labels import BLANK, LABELS, output_of, words_of
from lrkeras.tasks.speech_commands.recognised_word import RecognisedWord
from lrkeras.tasks.speech_commands.streaming_recogniser import StreamingRecogniser
from lrkeras.tasks.speech_commands.training import metadata

HOP = 320


@pytest.mark.parametrize(
    ("outputs", "final"),
    [
        ([0, 5, 5, 0, 0, 0], {5: [(5, 1)]}),
        ([5, 0, 0, 7, 0, 0, 0], {6: [(5, 0), (7, 3)]}),  # a pause that is too short
        ([5, 0, 5, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0], {5: [(5, 0), (5, 2)], 12: [(9, 9)]}),
        ([0] * 20, {}),
    ],
)
def test_a_label_is_final_after_a_pause(outputs, final):
    pointer = EndPointer(blank=0, blank_steps=3)
    found = {step: done for step, output in enumerate(outputs) if (done := pointer.push(output))}
    assert found == final
    assert pointer.pending == []


def test_what_is_pending_becomes_final_at_the_end():
    pointer = EndPointer(blank=4)
    for output in (4, 2, 2, 4, 2):
        assert pointer.push(output) == []
    assert pointer.pending == pointer.flush() == [(2, 1), (2, 4)]
    assert pointer.flush() == []
    with pytest.raises(ValueError, match="received 0"):
        EndPointer(blank=0, blank_steps=0)


@pytest.fixture(scope="module")
def model():
    """Not trained, and made to change its mind often, so that there is something to decode."""
    keras.utils.set_random_seed(3)
    network = build_network(SpeechCommandsConfig(units=16, num_layers=2), "dense")
    kernel = network.get_layer("logits").kernel
    kernel.assign(12 * to_numpy(kernel))
    return with_front_end(network)


@pytest.fixture(scope="module")
def path(model, tmp_path_factory):
    file = tmp_path_factory.mktemp("stream") / "model.tflite"
    convert(model, file, metadata=metadata())
    return file


@pytest.fixture(scope="module")
def speech():
    clips = speech_commands.load_data("test")[:6]
    pause = np.zeros(16 * HOP, "float32")  # longer than a pause between words
    return np.concatenate([part for clip in clips for part in (clip.samples, pause)])


def heard(words):
    return [word.word for word in words]


def test_the_stream_is_the_whole_recording_in_keras(model, path, speech):
    logits = to_numpy(model(speech[None]))[0]
    expected = words_of(greedy(logits))
    assert len(expected) > 5
    recogniser = StreamingRecogniser(path)
    words, rng = [], np.random.default_rng(0)
    whole = speech[: len(speech) // HOP * HOP]
    for piece in np.split(whole, np.sort(rng.integers(len(whole), size=40))):
        words += recogniser.accept(piece)
    # Nothing but what the pause has not made final yet.
    assert heard(words) + recogniser.pending == expected
    assert [word.heard for word in words] == sorted(word.heard for word in words)
    for word in words:
        assert word.final >= word.heard + 0.28
        step = round(word.heard / 0.02) - 1
        assert LABELS[int(logits[step].argmax()) - 1] == word.word
        assert logits[step - 1].argmax() != logits[step].argmax()


def test_a_stream_that_ended_leaves_no_trace(path, speech):
    recogniser = StreamingRecogniser(path)
    first = recogniser.accept(speech[:8000]) + recogniser.finish()
    assert recogniser.pending == []
    assert recogniser.accept(speech[:8000]) + recogniser.finish() == first
    recogniser.accept(speech[8000:20_000])
    recogniser.reset()
    assert recogniser.accept(speech[:8000]) + recogniser.finish() == first


def test_beam_search_between_pauses(path, speech, model):
    logits = to_numpy(model(np.pad(speech[: 25 * HOP], (0, 30 * HOP))[None]))[0]
    pauses = StreamingRecogniser(path, decoding="beam")
    words = pauses.accept(speech[: 25 * HOP]) + pauses.finish()
    greedily = StreamingRecogniser(path)
    finals = [w.final for w in greedily.accept(speech[: 25 * HOP]) + greedily.finish()]
    assert finals
    expected, begin = [], 0
    for final in sorted({round(time / 0.02) for time in finals}):
        expected += words_of(prefix_beam(logits[begin:final], BLANK))
        begin = final
    assert heard(words) == expected


def test_integers_of_16_bits_are_samples_too(path, speech):
    numbers = np.round(speech[:16_000] * 32768).astype(np.int16)
    scaled = numbers.astype("float32") / 32768
    a, b = StreamingRecogniser(path), StreamingRecogniser(path)
    assert a.accept(numbers) + a.finish() == b.accept(scaled) + b.finish()


@pytest.mark.parametrize(
    "samples", [np.zeros(16_000), np.zeros(0), np.sign(np.sin(np.arange(9e3)))]
)
def test_silence_and_clipped_sound_are_taken(path, samples):
    recogniser = StreamingRecogniser(path)
    words = recogniser.accept(samples.astype("float32")) + recogniser.finish()
    assert set(heard(words)) <= set(LABELS)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((320, 2), "float32"), r"one channel.*received \(320, 2\)"),
        (np.array([0.0, np.nan]), "received one of nan"),
        (np.array([0.0, np.inf]), "received one of inf"),
        (np.array([0.0, 12_000.0]), r"received one of 12000\.0.*by 32768"),
        (np.arange(320), "received int64"),
    ],
)
def test_what_is_no_stream_of_samples(path, samples, message):
    recogniser = StreamingRecogniser(path)
    with pytest.raises(ValueError, match=message):
        recogniser.accept(samples)
    assert recogniser.accept(np.zeros(0, "float32")) == []


def test_files_of_other_tasks_are_refused(tmp_path):
    words = keras.Sequential([keras.Input((None, 3)), keras.layers.LSTM(4)])
    convert(words, tmp_path / "words.tflite", metadata={"task": "word_prediction"})
    with pytest.raises(ValueError, match=r"'blank', 'hop', 'labels'.*'word_prediction'"):
        StreamingRecogniser(tmp_path / "words.tflite")
    with pytest.raises(ValueError, match="received 'viterbi'"):
        StreamingRecogniser(tmp_path / "words.tflite", decoding="viterbi")


class Scripted(FileEvaluation):
    """Says what it is told to for each recording, whose first sample is its number."""

    def __init__(self, said):
        self.said = said

    def logits(self, samples):
        path = [o for word in self.said[round(samples[0] * 100)] for o in (output_of(word), BLANK)]
        return 20.0 * np.eye(len(LABELS) + 1)[[BLANK, *path, BLANK]][None]


def numbered(number, length=320):
    return np.full(length, number / 100, "float32")


def test_word_errors_by_hand():
    said = [["yes", "no", "two"], ["stop", "go", "nine", "six"], ["up", "on", "bird", "zero"]]
    evaluation = Scripted(said)
    references = [["yes", "two", "two"], ["stop", "nine", "six"], ["up", "on", "zero"]]
    strings = [(numbered(n), words, "ann") for n, words in enumerate(references)]
    # A substitution, then an insertion; the unknown word is not shown.
    assert evaluation.errors_of_words(strings) == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_accuracies_by_hand():
    said = [["yes"], ["no"], ["four"], [], ["<unknown>"]]
    words = ["yes", "yes", "four", "", "two"]
    clips = [Clip(numbered(n, 16_000), word, "ann") for n, word in enumerate(words)]
    evaluation = Scripted(said)
    # A digit is an unknown word among the twelve classes, however it is named.
    assert evaluation.accuracy(clips) == pytest.approx(4 / 5)
    assert evaluation.digit_accuracy(clips) == pytest.approx(1 / 2)


def test_alarms_in_noise_are_counted_by_the_hour(path, speech):
    noise = [Clip(speech[:16_000], "", "bg"), Clip(speech[:9000], "yes", "ann")]
    found = FileEvaluation(path).false_alarms(noise)
    # One second at three gains and three speeds.
    assert found["hours"] * 3600 == pytest.approx(3 * (1 / 0.9 + 1 + 1 / 1.1), abs=0.01)
    assert found["words"] > 0
    assert found["per_hour"] == pytest.approx(found["words"] / found["hours"])
    assert FileEvaluation(path).false_alarms([])["per_hour"] == 0


def test_a_bias_of_the_blank_hears_less(path, speech):
    plain, silent = StreamingRecogniser(path), StreamingRecogniser(path, blank_bias=1e6)
    assert plain.accept(speech) + plain.finish()
    assert silent.accept(speech) + silent.finish() == []
    logits = [FileEvaluation(path, blank_bias=bias).logits(speech) for bias in (0.0, 1.5)]
    expected = logits[0] + 1.5 * np.eye(len(LABELS) + 1)[BLANK]
    np.testing.assert_allclose(logits[1], expected, atol=1e-4)
    with pytest.raises(ValueError, match="received nan"):
        StreamingRecogniser(path, blank_bias=float("nan"))


class Named:
    """Hears the same word in every recording."""

    def accept(self, samples):
        return []

    def finish(self):
        return [RecognisedWord("yes", heard=0.75, final=1.05)]


def test_latency_is_from_the_end_of_the_word(path):
    evaluation = FileEvaluation(path)
    evaluation.recogniser = Named()
    samples = np.zeros(16_000, "float32")
    samples[4800:11_200] = 0.3 * np.sin(np.arange(6400) / 4)  # ends at 0.7 s
    clips = [Clip(samples, "yes", "ann"), Clip(samples, "no", "ann"), Clip(samples, "bird", "ann")]
    assert evaluation.latencies(clips) == [pytest.approx(0.05, abs=0.021)]
