"""A folder of a corpus that is not there is told at once, whether it is needed or not."""

import pytest

from lrkeras.cli import main
from lrkeras.datasets import speech_commands as corpus
from lrkeras.tasks.speech_commands.config import FULL
from lrkeras.tasks.speech_commands.corpus import load_clips


@pytest.mark.parametrize(
    "preset", ["word_prediction/tiny", "speech_commands/tiny", "papers/tiny", "papers/ptb_small"]
)
def test_train_refuses_a_folder_that_is_not_there(preset, tmp_path, capsys):
    out = tmp_path / "out"
    wanted = ["train", preset, "--data", str(tmp_path / "none"), "--out", str(out)]
    assert main(wanted) == 1
    error = capsys.readouterr().err
    assert "none" in error and error.count("\n") == 1
    assert not out.exists()


def test_digits_that_are_missing_are_told_before_the_commands_are_read(tmp_path, monkeypatch):
    commands = tmp_path / "speech-commands-test"
    (commands / "wav").mkdir(parents=True)
    (commands / "index.tsv").touch()
    monkeypatch.setattr(corpus, "load_speech_commands", lambda *_: pytest.fail("was read"))
    with pytest.raises(FileNotFoundError, match=r"Expected \S+fsdd/recordings; nothing is there"):
        load_clips(FULL, "train", tmp_path)
