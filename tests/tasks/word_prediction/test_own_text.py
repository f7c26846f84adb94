"""From anyone's text to a file that suggests words."""

import dataclasses
import json

import numpy as np
import pytest

from lrkeras.cli import main
from lrkeras.tasks import word_prediction
from lrkeras.tasks.keyboard.suggester import Suggester
from lrkeras.tasks.word_prediction.phone_file import unigram_perplexity


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Sentences whose next word is told by the one before."""
    rng = np.random.default_rng(0)
    follows = {"je": "suis", "tu": "es", "il": "est", "nous": "sommes", "vous": "êtes"}
    places = ["ici", "là", "dehors", "chez-moi", "au café", "à l'école"]
    lines = []
    for number in range(3000):
        who = str(rng.choice(list(follows)))
        line = f"{who.capitalize()} {follows[who]} {rng.choice(places)} {rng.choice(places)}."
        name = "".join(chr(97 + int(digit)) for digit in str(number))
        lines.append(line if number % 3 else f"{line} Bon {name}")
    path = tmp_path_factory.mktemp("text") / "mein Text.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _small(epochs=4):
    config = word_prediction.PRESETS["text"]
    return dataclasses.replace(
        config,
        num_words=60,
        cifg_units=32,
        cifg_dim=16,
        epochs=epochs,
        learning_rate=0.02,
        dropout=0.0,
        unknown_rate=0.0,
        max_valid_tokens=600,
    )


def test_a_text_becomes_a_file_for_a_phone(text, tmp_path, monkeypatch):
    monkeypatch.setitem(word_prediction.PRESETS, "text", _small())
    out = tmp_path / "run"
    words = ["train", "word_prediction", "--data", str(text), "--out", str(out), "--json"]
    assert main(words) == 0
    report = json.loads((out / "training.json").read_text())
    row = report["models"]["cifg"]
    assert row["file_perplexity"] == pytest.approx(row["keras_perplexity"], rel=0.03)
    assert row["file_perplexity"] < 0.6 * report["unigram_perplexity"]
    file = out / row["phone_file"]
    assert file.stat().st_size == row["file_bytes"]
    suggester = Suggester(file)
    assert suggester.runner.metadata["task"] == "word_prediction"
    assert suggester.suggest("Nous ")[0].text == "sommes"
    assert suggester.suggest("vous ê")[0].text == "êtes"
    # The word after "Bon " is no word of the vocabulary; none is written with capitals.
    assert suggester.runner.metadata["spellings"] == []
    assert suggester.correct("vous ets").replacement == "êtes"
    # What --tune searches from: a pass over the text.
    given = word_prediction.tunable(_small(), out, text)
    assert len(given.train[0]) == 32 * _small().sized_for(report["train_tokens"]).steps_per_epoch
    # Again: nothing is trained anew, and all is as it was.
    trained = (out / "cifg.keras").read_bytes()
    assert main(words) == 0 and (out / "cifg.keras").read_bytes() == trained
    again = json.loads((out / "training.json").read_text())
    # Keras counts the names of layers on within a process, and they are in the file.
    assert again["models"]["cifg"].pop("file_bytes") == pytest.approx(row["file_bytes"], abs=200)
    del row["file_bytes"]
    assert again == report


def test_what_is_no_text_leaves_nothing(tmp_path, capsys):
    wrong = tmp_path / "wrong.txt"
    wrong.write_bytes(b"\xff\xfe" * 300)
    out = tmp_path / "run"
    words = ["train", "word_prediction", "--out", str(out), "--data"]
    assert main([*words, str(wrong)]) == 1
    assert "Expected UTF-8 text" in capsys.readouterr().err and not out.exists()
    assert main([*words, str(tmp_path), "--preset", "text"]) == 1
    assert "Expected a file of text" in capsys.readouterr().err and not out.exists()


def test_unigrams_by_hand():
    train, valid = np.array([0, 0, 1]), np.array([0, 2])
    expected = np.exp(-(np.log(3 / 6) + np.log(1 / 6)) / 2)
    assert unigram_perplexity(train, valid, 3) == pytest.approx(expected)


def test_a_pass_over_the_text_is_an_epoch():
    config = word_prediction.PRESETS["text"]
    batch = config.window * config.batch_size
    assert config.sized_for(200 * batch + 5).steps_per_epoch == 200
    assert [config.sized_for(n * batch).steps_per_epoch for n in (1, 10**5)] == [50, 1000]
    fixed = word_prediction.PRESETS["tiny"]
    assert fixed.sized_for(10**9) is fixed
