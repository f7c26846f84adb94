import itertools
import json
import zlib

import keras
import pytest

from lrkeras.benchmark.signatures import read_model
from lrkeras.export import StepRunner, convert
from lrkeras.export.tflite.file_header import FileHeader
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.models import model_file
from lrkeras.tasks.keyboard.file_model import FileModel

# Enough of them that their entry is worth deflating; one is outside ASCII.
WORDS = ["<unk>", "<eos>", "é", *map("".join, itertools.product("abcdefghij", repeat=3))]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(len(WORDS), 2),
            keras.layers.LSTM(2, return_sequences=True),
            keras.layers.Dense(len(WORDS)),
        ]
    )
    path = tmp_path_factory.mktemp("words") / "words.tflite"
    convert(model, path, metadata={"vocabulary": WORDS})
    return path


def entries(file):
    """What the flatbuffer holds, by name, without our reader of it."""
    buffers = file.model.buffers
    return {e.name.decode(): bytes(buffers[e.buffer].data) for e in file.model.metadata}


def with_entry(path, folder, name, value):
    """A copy of the file with other bytes in place of its entry."""
    file = ModelFile(path.read_bytes())
    (entry,) = (e for e in file.model.metadata if e.name.startswith(b"lrkeras"))
    entry.name, file.model.buffers[entry.buffer].data = name.encode(), list(value)
    copy = folder / "copy.tflite"
    copy.write_bytes(file.to_bytes())
    return copy


def test_a_long_entry_is_deflated(path):
    stored = entries(ModelFile(path.read_bytes()))
    assert "lrkeras" not in stored
    text = zlib.decompress(stored["lrkeras.zlib"])
    assert json.loads(text)["vocabulary"] == WORDS
    assert len(stored["lrkeras.zlib"]) < len(text) / 2
    # Readers see the entry under its own name.
    assert ModelFile(path.read_bytes()).metadata("lrkeras") == text
    assert FileHeader(path).metadata("lrkeras") == text
    assert StepRunner(path).metadata == json.loads(text)
    assert list(FileModel(path).vocabulary.words) == WORDS


def test_a_short_entry_stays_text_that_any_viewer_shows(tmp_path):
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(2)])
    convert(model, tmp_path / "short.tflite", metadata={"labels": ["yes", "no"]})
    stored = entries(ModelFile((tmp_path / "short.tflite").read_bytes()))
    assert json.loads(stored["lrkeras"])["labels"] == ["yes", "no"]


def test_text_of_any_length_is_read(path, tmp_path):
    text = json.dumps({"vocabulary": WORDS}).encode()
    plain = with_entry(path, tmp_path, "lrkeras", text)
    assert FileHeader(plain).metadata("lrkeras") == text
    assert read_model(plain).metadata("lrkeras") == text
    assert list(FileModel(plain).vocabulary.words) == WORDS


def test_the_models_of_the_package_are_read():
    assert len(FileModel(model_file("word_prediction_cifg")).vocabulary.words) == 10_000


def test_an_entry_takes_the_place_of_one_that_is_stored_otherwise(path):
    file = ModelFile(path.read_bytes())
    for value in (b"{}", b"[" + b"1," * 9999 + b"1]", b"{}"):
        file.set_metadata("lrkeras", value, deflate=True)
        assert file.metadata("lrkeras") == value
        assert sum(name.startswith("lrkeras") for name in entries(file)) == 1
    assert entries(file)["lrkeras"] == b"{}"
    # Others read their entries themselves.
    file.set_metadata("others", b"1" * 9999)
    assert entries(file)["others"] == b"1" * 9999


WHOLE = zlib.compress(json.dumps({"vocabulary": WORDS}).encode())
BROKEN = {
    "cut": (WHOLE[:-7], "end early"),
    "empty": (b"", "end early"),
    "damaged": (WHOLE[:99] + bytes([WHOLE[99] ^ 255]) + WHOLE[100:], "do not inflate"),
    "a checksum off": (WHOLE[:-1] + bytes([WHOLE[-1] ^ 1]), "do not inflate"),
    "text": (json.dumps({"vocabulary": WORDS}).encode(), "do not inflate"),
    "longer": (WHOLE + b"\0", "go on behind the end"),
    "too large": (zlib.compress(bytes((64 << 20) + 1)), "inflate to more"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_entry_is_refused_by_name(path, tmp_path, case):
    data, what = BROKEN[case]
    copy = with_entry(path, tmp_path, "lrkeras.zlib", data)
    told = r"copy\.tflite.*'lrkeras\.zlib'|'lrkeras\.zlib'.*copy\.tflite"
    for read in (FileModel, StepRunner, read_model):
        with pytest.raises(ValueError, match=told) as error:
            read(copy)
        assert f"received {len(data):,} bytes that {what}" in str(error.value)
        assert "at most 67,108,864 bytes" in str(error.value)


def test_the_largest_entry_is_read(path, tmp_path):
    copy = with_entry(path, tmp_path, "lrkeras.zlib", zlib.compress(bytes(64 << 20)))
    assert len(FileHeader(copy).metadata("lrkeras")) == 64 << 20
    # What readers would refuse is not deflated in the first place.
    file = ModelFile(path.read_bytes())
    file.set_metadata("lrkeras", bytes((64 << 20) + 1), deflate=True)
    assert "lrkeras" in entries(file)
