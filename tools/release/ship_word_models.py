"""Releases trained keyboard models: compact `.keras`, `.tflite` files and cards.

    lrkeras train word_prediction --preset keyboard --data DIR --out RUN
    python tools/release/ship_word_models.py RUN --models doped_kronecker small_dense --float32 small_dense

What `lrkeras.load` needs goes into the package, `lrkeras/models/`; what the app, the figures and
later trainings need besides goes to `tools/release/models/`: float32 files, and the models of
`BESIDE_THE_PACKAGE`. Checksums are in the `models.json` of each folder. Files are converted for the
runtime of the Android app. `tools/release/measure_keyboard.py` fills in the figures of the cards. A run of
`tools/release/train_chat_words.py` is shipped alike from its folder `second`, with four bits for the newest runtime too.
"""

import argparse
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RELEASED = pathlib.Path(__file__).parent / "models"
LICENCE = "CC BY-SA 4.0"
# A wheel has room for two Kronecker and CIFG models and their rival, not for every one compared.
BESIDE_THE_PACKAGE = ("dense", "hybrid", "low_rank", "pruned")
CHAT = "word_prediction_chat"
# `lrkeras.load` makes the Keras models of these from their int8 files.
REBUILT = ("small_dense", "cifg")
# Of these the weights as they were trained are kept beside the package, to make other files from.
TO_CONVERT_AGAIN = ("cifg",)
NAMES = {
    "dense": "word_prediction_teacher",
    "doped_kronecker": "word_prediction_doped_kp",
    "hybrid": "word_prediction_hybrid",
    "low_rank": "word_prediction_low_rank",
    "pruned": "word_prediction_pruned",
    "small_dense": "word_prediction_small_dense",
    "cifg": "word_prediction_cifg",
}
TITLES = {
    "dense": "the dense teacher: two LSTM layers of 650 units",
    "doped_kronecker": "two LSTM layers of 650 units, doped Kronecker matrices (1x16 blocks)",
    "hybrid": "two LSTM layers of 650 units, hybrid matrix factorisation",
    "low_rank": "two LSTM layers of 650 units, low-rank matrices",
    "pruned": "two LSTM layers of 650 units, magnitude pruning (1x16 blocks)",
    "small_dense": "one small dense LSTM layer of as many bytes",
    "cifg": "one CIFG layer of 670 units with a projection of 96, as in Hard et al. 2018",
}
CARD = """# {name}

Next-word prediction for a keyboard: {title}.

* **Input and output**: one token of the {words:,} lower-case words and marks in the file's metadata,
  and the logits of the next one; `lrkeras.tasks.keyboard.suggester.Suggester` turns text into
  suggestions.
* **Training**: `{command}`, {epochs} epochs of {steps}
  batches of {batch} windows of {window} tokens{taught}. Parameters stored: {parameters:,}.
  Perplexity of the validation text, as much of each source: {perplexity:.1f}.
* **Data**: user turns of the Schema-Guided Dialogue corpus (Rastogi et al. 2020, CC BY-SA 4.0),
  English sentences of Tatoeba as prepared by manythings.org/anki (CC BY 2.0), WikiText-2 (Merity
  et al. 2016, CC BY-SA 3.0).
* **Licence of the weights**: {licence}, as the text they were made from.
* **Files**: {files}. {rounded}
* **Figures**: in `docs/results/data/{data}.json` (`python tools/release/{tool}.py`), on messages
  of people that no training text came from.
* **Limits**: English of dialogues with assistants, textbook sentences and articles; {chats}.
  Names come out in lower case. It repeats what its text says about people; the words of
  `blocked_words.txt` are never suggested, but no list is complete.
"""


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=pathlib.Path, help="folder that the training left")
    parser.add_argument("--models", nargs="+", choices=NAMES, default=["doped_kronecker"])
    parser.add_argument("--float32", nargs="*", choices=NAMES, default=[], help="these also so")
    parser.add_argument("--package", type=pathlib.Path, help="default: lrkeras/models")
    parser.add_argument("--released", type=pathlib.Path, default=RELEASED)
    options = parser.parse_args(arguments)
    for model in options.models:
        float32 = model in options.float32
        print(ship(options.run, model, float32, options.package, options.released))


def ship(run, model, float32, package=None, released=RELEASED):
    """Writes the files of one model and registers them; returns their sizes by kind."""
    import keras
    from compact_keras import round_weights, save_compact

    from lrkeras import convert
    from lrkeras.models import registry
    from lrkeras.tasks.keyboard.blocked_words import load_blocked_words

    home = released if model in BESIDE_THE_PACKAGE else package or registry.FOLDER
    config = json.loads((run / "config.json").read_text(encoding="utf-8"))
    name = CHAT if config["chat_rate"] else NAMES[model]
    trained = keras.saving.load_model(run / f"{model}.keras", compile=False)
    round_weights(trained)  # what is converted is what is kept
    files = {}
    if model in REBUILT:
        files["config"] = home / f"{name}.json"
        files["config"].write_text(trained.to_json() + "\n", encoding="utf-8")
        if model in TO_CONVERT_AGAIN:
            files["keras"] = released / f"{name}.keras"
    elif model not in BESIDE_THE_PACKAGE:
        files["keras"] = home / f"{name}.keras"
    if "keras" in files:
        save_compact(trained, files["keras"])
    vocabulary = json.loads((run / "metadata.json").read_text(encoding="utf-8"))["vocabulary"]
    words = set(vocabulary)
    metadata = {
        "task": "word_prediction",
        "name": name,
        "licence": LICENCE,
        "vocabulary": vocabulary,
        "blocked": [word for word in load_blocked_words() if word in words],
    }
    for kind in ("float32", "int8") if float32 else ("int8",):
        files[kind] = (released if kind == "float32" else home) / f"{name}_{kind}.tflite"
        convert(
            trained,
            files[kind],
            form="step",
            quantize=None if kind == "float32" else kind,
            runtime="2.16",
            metadata=metadata,
        )
    if (run / f"{model}_int4.keras").exists():
        tuned = keras.saving.load_model(run / f"{model}_int4.keras", compile=False)
        files["int4"] = home / f"{name}_int4.tflite"
        convert(tuned, files["int4"], form="step", quantize="int4", metadata=metadata)
    files["card"] = home / f"{name}.md"
    files["card"].write_text(_card(run, config, trained, name, files), encoding="utf-8")
    for folder in {file.parent for file in files.values()}:
        there = {kind: file.name for kind, file in files.items() if file.parent == folder}
        registry.register(name, there, folder)
    return {kind: file.stat().st_size for kind, file in files.items()}


def _card(run, config, trained, name, files):
    from lrkeras.tasks import word_prediction

    model = trained.name
    history = json.loads((run / f"{model}.history.json").read_text(encoding="utf-8"))
    if name == CHAT:
        title = "the CIFG model with 20,000 words in bands, spellings of chats among them"
        command = "python tools/release/train_chat_words.py"
        taught = (
            ", with dialogues three times as often, after 7,200\n  batches with dialogues once, from the weights "
            "of word_prediction_cifg, without a teacher"
        )
        chats = "spellings of chats were\n  written by rule (`chat_spellings.txt`), not by people"
        data, tool = "keyboard_compared", "compare_keyboard"
        four = json.loads((run / "four_bits.json").read_text(encoding="utf-8"))
        rounded = (
            "`lrkeras.load` makes the Keras model of the\n  int8 file's weights; the `.keras` file, in the "
            "repository and not in the package, has the trained ones in\n  float16. The file of four bits "
            "has narrower bands and a perplexity of "
            f"{four['valid_perplexity'][-1]:.1f}; it needs runtime 2.20."
        )
    else:
        title = TITLES[model]
        command = "lrkeras train word_prediction --preset keyboard"
        taught = "" if model == config["teacher"] else ", distilled from the dense teacher"
        chats = "slang and\n  abbreviations of chats are mostly unknown to it"
        data, tool = "word_prediction", "measure_keyboard"
        rounded = "Weights are rounded to float16."
    return CARD.format(
        name=name,
        title=title,
        words=trained.output_shape[-1],
        command=command,
        epochs=len(history["epoch"]),
        steps=config["steps_per_epoch"],
        batch=config["batch_size"],
        window=config["window"],
        taught=taught,
        parameters=word_prediction.count_parameters(trained),
        perplexity=history["val_perplexity"][-1],
        licence=LICENCE,
        files=", ".join(f"`{file.name}`" for kind, file in files.items() if kind != "card"),
        chats=chats,
        data=data,
        tool=tool,
        rounded=rounded,
    )


if __name__ == "__main__":
    main()
