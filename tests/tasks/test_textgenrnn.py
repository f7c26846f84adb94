"""The textgenrnn models: against NumPy float64, by hand, and against what they were trained on."""

import bz2
import io
import json
import os
import pathlib
import tarfile
import zipfile
from importlib import resources

import h5py
import keras
import numpy as np
import pytest

from lrkeras.tasks import textgenrnn

DATA = os.environ.get("LRKERAS_DATA") or pathlib.Path(__file__).parents[3] / "shared" / "data"
ARCHIVE = pathlib.Path(DATA, "textgenrnn.tar.xz")
needs_archive = pytest.mark.skipif(
    not ARCHIVE.is_file(), reason=f"no {ARCHIVE}: LRKERAS_DATA names the folder it is in"
)
LETTERS = {"a": 1, "b": 2, "c": 3, "<s>": 464}
SENTENCES = (
    "The company said it would pay for the new building by the end of the year.\n"
    "What is the best way to learn how to write?"
)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cudnn_lstm(x, kernel, recurrent, bias):
    """Outputs of the cuDNN equations (time, units); the arrays are those that Keras 2 saved."""
    units = recurrent.shape[0]
    w = [gate.ravel().reshape(units, -1) for gate in np.split(kernel, 4, axis=1)]
    r = [gate.ravel().reshape(units, -1) for gate in np.split(recurrent, 4, axis=1)]
    b, h, c, outputs = bias.reshape(2, 4, units), np.zeros(units), np.zeros(units), []
    for step in x:
        i, f, g, o = (w[k] @ step + b[0, k] + r[k] @ h + b[1, k] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs)


def arrays_of(path):
    with h5py.File(path) as file:
        return {
            name: [np.asarray(group[weight], float) for weight in group.attrs["weight_names"]]
            for name, group in file.items()
        }


def reference(path, windows):
    """The probabilities for windows of numbers, from the file, in NumPy float64."""
    arrays, probabilities = arrays_of(path), []
    for window in windows:
        embedded = arrays["embedding"][0][window]
        first = cudnn_lstm(embedded, *arrays["rnn_1"])
        second = cudnn_lstm(first, *arrays["rnn_2"])
        sequence = np.hstack([embedded, first, second])
        attention = np.exp(sequence @ arrays["attention"][0])
        average = (attention / attention.sum() * sequence).sum(axis=0)
        kernel, bias = arrays["output"]
        odds = np.exp(average @ kernel + bias)
        probabilities.append(odds / odds.sum())
    return np.stack(probabilities)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with random weights as Keras 2 saved them, and a vocabulary of three letters."""
    folder = tmp_path_factory.mktemp("textgenrnn")
    generator = np.random.default_rng(0)
    shapes = {
        "input": {},
        "embedding": {"embeddings": (465, 100)},
        "rnn_1": {"kernel": (100, 512), "recurrent_kernel": (128, 512), "bias": (1024,)},
        "rnn_2": {"kernel": (128, 512), "recurrent_kernel": (128, 512), "bias": (1024,)},
        "rnn_concat": {},
        "attention": {"attention_W": (356, 1)},
        "output": {"kernel": (356, 465), "bias": (465,)},
    }
    with h5py.File(folder / "hacker_news.hdf5", "w") as file:
        file.attrs["keras_version"] = b"2.1.5"
        file.attrs["layer_names"] = [name.encode() for name in shapes]
        for layer, weights in shapes.items():
            names = [f"{layer}/{name}:0".encode() for name in weights]
            file.create_group(layer).attrs["weight_names"] = names
            for name, shape in zip(names, weights.values(), strict=True):
                file[layer][name] = generator.normal(0, 0.2, shape).astype("float32")
    (folder / "textgenrnn_vocab.json").write_text(json.dumps(LETTERS))
    return folder


@pytest.fixture(scope="module", params=textgenrnn.NAMES)
def trained(request):
    return request.param, *textgenrnn.load(ARCHIVE, request.param)


@pytest.fixture(scope="module")
def general(tmp_path_factory):
    """The general model, its vocabulary, and the arrays of its file."""
    folder = tmp_path_factory.mktemp("general")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    folder = folder / "textgenrnn"
    return *textgenrnn.load(folder), arrays_of(folder / "textgenrnn_weights.hdf5")


def dialogues(lines):
    packed = resources.files("lrkeras.datasets").joinpath("word_text/valid.txt.bz2").read_bytes()
    text = bz2.decompress(packed).decode()
    return "\n".join([line for line in text.split("\n") if line][:lines])


def predicting(odds, rest=-40.0):
    """A model that gives the same probabilities whatever it reads: `{number: odds}`."""
    model = keras.Sequential([keras.Input((40,)), keras.layers.Dense(465, activation="softmax")])
    bias = np.full(465, rest)
    bias[list(odds)] = np.log(list(odds.values()))
    model.set_weights([np.zeros((40, 465)), bias])
    return model


def test_size():
    # One bias vector less for each LSTM than the 462,717 of the cuDNN form.
    assert textgenrnn.build_model().count_params() == 462_717 - 2 * 4 * 128


def test_random_weights_give_the_numbers_of_the_equations(folder):
    model, vocabulary = textgenrnn.load(folder, "hacker_news")
    assert vocabulary == LETTERS
    windows = np.random.default_rng(1).integers(0, 465, (3, 40))
    windows[2, :30] = 0
    expected = reference(folder / "hacker_news.hdf5", windows)
    np.testing.assert_allclose(np.asarray(model(windows)), expected, rtol=2e-5, atol=1e-8)


def test_it_is_made_of_layers_of_keras_alone(folder, tmp_path):
    model, _ = textgenrnn.load(folder, "hacker_news")
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        config = json.loads(archive.read("config.json"))
    assert {layer["module"] for layer in config["config"]["layers"]} == {"keras.layers"}
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    windows = np.random.default_rng(1).integers(0, 465, (2, 40))
    expected = np.asarray(model(windows))
    for other in (clone, keras.saving.load_model(tmp_path / "m.keras")):
        np.testing.assert_array_equal(np.asarray(other(windows)), expected)


def test_encode():
    assert textgenrnn.encode("", LETTERS).tolist() == [0] * 39 + [464]
    assert textgenrnn.encode("ab?", LETTERS).tolist() == [0] * 36 + [464, 1, 2, 0]
    assert textgenrnn.encode("a" + "b" * 38, LETTERS).tolist() == [464, 1] + [2] * 38
    window = textgenrnn.encode("a" + "b" * 38 + "c", LETTERS)
    assert window.tolist() == [1] + [2] * 38 + [3]
    assert window.dtype == "int32"


def test_windows():
    inputs, targets = textgenrnn.windows("ab\n\nc?a", LETTERS)
    # "?" is not in the vocabulary: read as 0, not predicted.
    assert targets.tolist() == [1, 2, 464, 3, 1, 464]
    read = [[464], [464, 1], [464, 1, 2], [464], [464, 3, 0], [464, 3, 0, 1]]
    assert inputs.tolist() == [[0] * (40 - len(row)) + row for row in read]


def test_windows_of_a_long_line_are_what_encode_gives():
    line = "abcab" * 12
    inputs, targets = textgenrnn.windows(line, LETTERS)
    assert len(targets) == 61
    for place in (0, 1, 38, 39, 40, 60):
        np.testing.assert_array_equal(inputs[place], textgenrnn.encode(line[:place], LETTERS))


@pytest.mark.parametrize("text", ["", "\n", "\n\n"])
def test_windows_of_nothing(text):
    with pytest.raises(ValueError, match="a text with a character in it"):
        textgenrnn.windows(text, LETTERS)


def test_cross_entropy_by_hand():
    model = predicting({1: 0.5, 2: 0.25, 464: 0.25})
    entropy = textgenrnn.cross_entropy(model, "aab\na", LETTERS, batch_size=4)
    # a, a, b, end; a, end
    np.testing.assert_allclose(entropy, np.log(2) * (1 + 1 + 2 + 2 + 1 + 2) / 6, rtol=1e-6)


def test_cross_entropy_of_the_impossible_is_finite():
    entropy = textgenrnn.cross_entropy(predicting({1: 1.0}, rest=-2000.0), "a", LETTERS)
    np.testing.assert_allclose(entropy, 126 * np.log(2) / 2)  # "a" costs nothing


def test_generate_the_likeliest():
    assert textgenrnn.generate(predicting({2: 0.6, 464: 0.4}), LETTERS, "a", max_length=4) == "abbb"
    assert textgenrnn.generate(predicting({2: 0.4, 464: 0.6}), LETTERS, "ca") == "ca"
    # Padding is never written, however likely.
    assert textgenrnn.generate(predicting({0: 0.9, 3: 0.1}), LETTERS, max_length=2) == "cc"


@pytest.mark.parametrize(("temperature", "share"), [(1.0, 0.7), (0.5, 49 / 58)])
def test_generate_draws(temperature, share):
    model = predicting({1: 0.7, 2: 0.3})
    settings = {"temperature": temperature, "max_length": 400}
    text = textgenrnn.generate(model, LETTERS, **settings)
    assert len(text) == 400
    assert abs(text.count("a") / 400 - share) < 0.07  # three standard deviations
    assert text == textgenrnn.generate(model, LETTERS, **settings)
    assert text != textgenrnn.generate(model, LETTERS, seed=1, **settings)


def test_generate_refuses_a_negative_temperature():
    with pytest.raises(ValueError, match=r"0 or more; received -1"):
        textgenrnn.generate(predicting({1: 1.0}), LETTERS, temperature=-1.0)


def packed(path, files):
    with tarfile.open(path, "w:xz", preset=0) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_archive(folder, tmp_path):
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    inside = {f"../up/{name}": content for name, content in files.items()}
    (tmp_path / "in").mkdir()
    path = packed(tmp_path / "in" / "a.tar.xz", inside)
    model, vocabulary = textgenrnn.load(path, "hacker_news")
    expected, _ = textgenrnn.load(folder, "hacker_news")
    assert vocabulary == LETTERS
    for ours, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert [file.name for file in tmp_path.rglob("*")] == ["in", "a.tar.xz"]


def test_damaged_archive(folder, tmp_path):
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    path = packed(tmp_path / "a.tar.xz", files)
    whole = path.read_bytes()
    for keep in (0, 100, len(whole) // 2, len(whole) * 19 // 20):
        path.write_bytes(whole[:keep])
        with pytest.raises(ValueError, match=r"not a whole \.tar\.xz archive"):
            textgenrnn.load(path, "hacker_news")


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(ValueError, match=r"Expected one of textgenrnn_weights, reddit.*'gpt'"):
        textgenrnn.load(folder, "gpt")
    with pytest.raises(FileNotFoundError, match=r"folder or a \.tar\.xz.*hacker_news\.hdf5"):
        textgenrnn.load(tmp_path / "nowhere", "hacker_news")
    with pytest.raises(FileNotFoundError, match=r"'reddit_apple_android\.hdf5' in"):
        textgenrnn.load(folder, "reddit_apple_android")
    path = packed(tmp_path / "a.tar.xz", {"hacker_news.hdf5": b""})
    with pytest.raises(FileNotFoundError, match=r"'textgenrnn_vocab\.json' in the archive"):
        textgenrnn.load(path, "hacker_news")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("{", "is not JSON"),
        ("[1]", "Expected an object"),
        ('{"a": 1}', "'<s>' among them"),
        ('{"a": 465, "<s>": 1}', "from 1 to 464"),
        ('{"a": "1", "<s>": 1}', "from 1 to 464"),
        ('{"a": 1, "<s>": 1}', "the same number"),
    ],
)
def test_vocabularies_that_are_none(content, match, tmp_path):
    (tmp_path / "v.json").write_text(content)
    with pytest.raises(ValueError, match=match):
        textgenrnn.read_vocabulary(tmp_path / "v.json")


# What the trained models begin with when they always take the likeliest character. Two are titles
# that they were trained on, word for word; a wrong gate order or transpose gives no word at all.
GREEDY = {
    "textgenrnn_weights": "[Specific] Can someone please remove the state of",
    "reddit_apple_android": "Apple is bringing iTunes to the Windows Store",
    "hacker_news": "A startup\N{RIGHT SINGLE QUOTATION MARK}s Firebase bill suddenly increased "
    "from $25 to $1750 per month",
}
# Nats per character on SENTENCES: the two models of 2,000 titles, which they know by heart after
# 500 epochs, are surprised by other English. Measured: 0.93, 2.79, 2.79.
ENTROPY = {"textgenrnn_weights": 1.5, "reddit_apple_android": 3.5, "hacker_news": 3.5}


@needs_archive
def test_trained_models_know_english_and_their_titles(trained):
    name, model, vocabulary = trained
    assert textgenrnn.cross_entropy(model, SENTENCES, vocabulary) < ENTROPY[name]
    text = textgenrnn.generate(model, vocabulary, max_length=75)
    assert text.startswith(GREEDY[name])
    if name != "textgenrnn_weights":
        assert textgenrnn.cross_entropy(model, text, vocabulary) < 0.5


@needs_archive
def test_the_general_model_knows_the_embedded_dialogues(general):
    model, vocabulary, _ = general
    assert textgenrnn.cross_entropy(model, dialogues(40), vocabulary) < 2.0  # measured: 1.43


@needs_archive
def test_a_trained_model_gives_the_numbers_of_the_equations(general, tmp_path):
    model, vocabulary, _ = general
    with tarfile.open(ARCHIVE) as archive:
        archive.extract("textgenrnn/textgenrnn_weights.hdf5", tmp_path, filter="data")
    inputs, _ = textgenrnn.windows("How do I learn to write, and when?", vocabulary)
    expected = reference(tmp_path / "textgenrnn" / "textgenrnn_weights.hdf5", inputs[::6])
    np.testing.assert_allclose(np.asarray(model(inputs[::6])), expected, rtol=0, atol=1e-5)


def turned(kernel):
    gates = np.split(kernel, 4, axis=1)
    return np.hstack([gate.reshape(gate.shape[::-1]).T for gate in gates])


def gates(order, array):
    return np.concatenate([np.split(array, 4, axis=-1)[gate] for gate in order], axis=-1)


# Other readings of the same arrays (kernel, recurrent kernel, two biases), and the nats per
# character on SENTENCES that were measured with them; the right one gives 0.93.
WRONG = {
    "nothing transposed": (lambda k, r, b: [k, r, b[0] + b[1]], 49.3),
    "input kernel not transposed": (lambda k, r, b: [k, turned(r), b[0] + b[1]], 7.3),
    "recurrent kernel not transposed": (lambda k, r, b: [turned(k), r, b[0] + b[1]], 56.5),
    "first bias alone": (lambda k, r, b: [turned(k), turned(r), b[0]], 3.0),
    "second bias alone": (lambda k, r, b: [turned(k), turned(r), b[1]], 1.9),
    "f i c o": ((1, 0, 2, 3), 8.1),
    "i f o c": ((0, 1, 3, 2), 16.3),
    "i c f o": ((0, 2, 1, 3), 11.1),
    "o f c i": ((3, 1, 2, 0), 7.1),
    "i o c f": ((0, 3, 2, 1), 13.2),
}


@needs_archive
@pytest.mark.parametrize("name", WRONG)
def test_other_readings_of_the_file_are_far_worse(name, general):
    model, vocabulary, arrays = general
    right = model.get_weights()
    best = textgenrnn.cross_entropy(model, SENTENCES, vocabulary)
    reading, measured = WRONG[name]
    for layer in ("rnn_1", "rnn_2"):
        kernel, recurrent, bias = arrays[layer]
        bias = bias.reshape(2, -1)
        if callable(reading):
            weights = reading(kernel, recurrent, bias)
        else:
            weights = [turned(kernel), turned(recurrent), bias.sum(axis=0)]
            weights = [gates(reading, array) for array in weights]
        model.get_layer(layer).set_weights(weights)
    worse = textgenrnn.cross_entropy(model, SENTENCES, vocabulary)
    model.set_weights(right)
    assert worse > (best + measured) / 2
