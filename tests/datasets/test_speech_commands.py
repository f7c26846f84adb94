from importlib import resources

import numpy as np
import pytest

from lrkeras.datasets import speech_commands
from lrkeras.datasets.wav import write_wav

SPLITS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def embedded():
    return {split: speech_commands.load_data(split) for split in SPLITS}


def test_no_speaker_is_in_two_splits(embedded):
    speakers = {split: {clip.speaker for clip in clips} for split, clips in embedded.items()}
    assert sum(map(len, speakers.values())) == len(set.union(*speakers.values())) > 20


def test_training_and_test_clips_have_every_word_and_noise(embedded):
    words = {*speech_commands.COMMANDS, *speech_commands.DIGITS}
    for split in ("train", "test"):
        assert words | {""} <= {clip.word for clip in embedded[split]}
    noise = [clip for clips in embedded.values() for clip in clips if clip.is_noise]
    assert len(noise) == 3


def test_embedded_clips_are_words_at_16_khz(embedded):
    for clips in embedded.values():
        for clip in clips:
            assert clip.samples.dtype == np.float32
            assert 0.15 < len(clip.samples) / 16_000 < 1
            assert 0 < np.abs(clip.samples).max() <= 1


def test_embedded_clips_stay_small():
    folder = resources.files("lrkeras.datasets").joinpath("speech_clips")
    assert sum(len(file.read_bytes()) for file in folder.joinpath("wav").iterdir()) < 450_000


def corpus(folder, rows, header="file\tclass\tword\tspeaker\tsuggested_split"):
    (folder / "wav" / "yes").mkdir(parents=True)
    (folder / "index.tsv").write_text("\n".join([header, *rows]) + "\n")
    write_wav(folder / "wav" / "yes" / "a.wav", np.full(160, 0.25))
    write_wav(folder / "wav" / "hum.wav", np.full(80, 0.5))
    return folder


def test_clips_of_a_split_in_the_order_of_the_index(tmp_path):
    rows = [
        "hum.wav\t_silence_\t\tbg1\ttrain",
        "yes/b.wav\tyes\tyes\tann\ttest",
        "yes/a.wav\t_unknown_\tbird\tbob\ttrain",
    ]
    noise, bird = speech_commands.load_speech_commands(corpus(tmp_path, rows), "train")
    assert (noise.word, noise.is_noise, noise.speaker) == ("", True, "bg1")
    assert (bird.word, bird.is_noise, bird.speaker, bird.name) == (
        "bird",
        False,
        "bob",
        "yes/a.wav",
    )
    np.testing.assert_array_equal(bird.samples, np.full(160, 0.25, "float32"))
    with pytest.raises(FileNotFoundError, match=r"b\.wav"):
        speech_commands.load_speech_commands(tmp_path, "test")


def test_folders_and_splits_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"index\.tsv and wav/"):
        speech_commands.load_speech_commands(tmp_path)
    with pytest.raises(ValueError, match="received 'dev'"):
        speech_commands.load_speech_commands(tmp_path, "dev")
    corpus(tmp_path, ["yes/a.wav\tyes"], header="file\tclass")
    with pytest.raises(ValueError, match=r"received \['class', 'file'\]"):
        speech_commands.load_speech_commands(tmp_path)


def test_one_speaker_left_out(tmp_path):
    (tmp_path / "recordings").mkdir()
    for name in ("7_theo_5", "3_theo_9", "3_lucas_5"):
        write_wav(tmp_path / "recordings" / f"{name}.wav", np.full(80, 0.5), 8000)
    theo = speech_commands.load_fsdd(tmp_path, ["theo"])
    assert [(clip.word, clip.speaker) for clip in theo] == [("three", "theo"), ("seven", "theo")]
    assert len(theo[0].samples) == 160  # 10 ms, at twice the rate
    (lucas,) = speech_commands.load_fsdd(tmp_path, ["lucas"])
    assert lucas.speaker == "lucas"
    with pytest.raises(FileNotFoundError, match="recordings of george, nicolas in"):
        speech_commands.load_fsdd(tmp_path, ["george", "lucas", "nicolas"])
