"""Compares keyboard models with the first of them, with intervals, and with a list of words alone.

    python tools/release/compare_keyboard.py FIRST.tflite OTHER.tflite ... --data DIR --out FILE.json

DIR holds `nus-sms/`, `sgd-text/` and `wikitext-2/`. Texts are grouped: the messages of each person (those of
`valid` and `test` are different people), the user's turns of each dialogue, each article's first
paragraphs. For each text and model: words that cannot be suggested, next words among three
suggestions, keystrokes saved, and what they differ from the first model's by, with an interval of
95 % from a bootstrap over the groups. `--ngram FILE.lm BYTES` compares a back-off model in an ARPA file as
well; `tools/release/train_ngram.sh` makes one. `--run RUN` takes along the histories of a training of
`train_chat_words.py`. `--known FILE.json` is an earlier comparison with the same first model on the same
texts: what it has and the command does not name stays. `tools/release/plot_keyboard.py` draws the result.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import json
import pathlib
import sys

import numpy as np
from build_word_data import user_turns
from measured_files import heading, parser_of
from ngram_model import NgramModel
from rich.progress import track
from shares_of_groups import SHARES, summary, sums_of

from lrkeras.datasets import keyboard_text
from lrkeras.models.registry import checksum
from lrkeras.system.json_file import write_json
from lrkeras.system.required_paths import require_paths
from lrkeras.tasks.keyboard.file_model import FileModel

CORPORA = ("nus-sms/nus_sms_en.dev.tsv", "sgd-text/dev.tsv", "wikitext-2/valid.txt")
# Lines of a person, dialogue or article, so that a few do not count for all.
LINES = {"sms_valid": 60, "sms_test": 60, "dialogues": 20, "articles": 12}


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = parser_of(__doc__, 250, "dialogues, and articles,")
    parser.add_argument("--trivial", action="store_true", help="the list of words alone as well")
    parser.add_argument("--ngram", nargs=2, metavar=("FILE", "BYTES"), help="a back-off model too")
    parser.add_argument("--run", type=pathlib.Path, help="folder of train_chat_words.py")
    parser.add_argument("--known", type=pathlib.Path, help="JSON of an earlier comparison")
    options = parser.parse_args(arguments)
    ngram = [pathlib.Path(options.ngram[0])] if options.ngram else []
    require_paths(
        reads=[*options.files, *ngram, options.known, *(options.data / name for name in CORPORA)],
        writes=[options.out],
        hint="--data must hold nus-sms/, sgd-text/ and wikitext-2/.",
    )
    groups = groups_of(options.data, options.limit)
    models = {file.stem: FileModel(file) for file in options.files}
    sizes = {file.stem: file.stat().st_size for file in options.files}
    listed = models[options.files[0].stem]  # whose words are those of the others
    for file in ngram:
        models[file.stem] = NgramModel(file, listed.vocabulary)
        models[file.stem].blocked = listed.blocked
        sizes[file.stem] = int(options.ngram[1])
    if options.trivial:
        models["frequency list"] = FrequencyList(listed)
    result = heading("compare_keyboard", arguments) | {
        "groups": {
            name: {"groups": len(found), "lines": sum(map(len, found))}
            for name, found in groups.items()
        },
        "models": {
            file.stem: {"bytes": sizes[file.stem], "sha256": checksum(file)}
            for file in [*options.files, *ngram]
        },
    }
    if options.run:
        result["training"] = histories_of(options.run)
    earlier = json.loads(options.known.read_text(encoding="utf-8")) if options.known else None
    if earlier:
        _check_alike(result, earlier)
    first = None
    for name, model in models.items():
        counted = {
            kind: np.array([sums_of(model, lines) for lines in track(found, f"{name}, {kind}")])
            for kind, found in groups.items()
        }
        first = first or counted
        result["models"].setdefault(name, {})["texts"] = {
            kind: against(first[kind], counted[kind]) for kind in groups
        }
    if earlier:
        keep_earlier(result, earlier)
    write_json(options.out, result)
    return result


def _check_alike(result, earlier):
    """Ends the program if the differences of an earlier comparison are not those of this one."""
    (name, row), (was_name, was) = (
        next(iter(told["models"].items())) for told in (result, earlier)
    )
    if (row["sha256"], result["groups"]) != (was["sha256"], earlier["groups"]):
        sys.exit(
            f"error: expected in --known a comparison with {name} ({row['sha256'][:12]}) on "
            f"{result['groups']}; received one with {was_name} ({was['sha256'][:12]}) on "
            f"{earlier['groups']}. Name the same first file and --limit, or leave --known out."
        )


def keep_earlier(result, earlier):
    """Takes over the models of an earlier comparison that were not measured now, in its order.

    Each gets the command, the machine and the versions that it was measured with. The training of
    the chat model stays too, unless there is a newer one.
    """
    origin = {key: earlier[key] for key in ("command", "machine", "versions")}
    kept = {name: origin | row for name, row in earlier["models"].items()}
    result["models"] = kept | result["models"]
    if "training" in earlier:
        result.setdefault("training", earlier["training"])


def histories_of(run):
    """Perplexities after the epochs of each part of the training of the chat model."""
    files = {
        "dialogues once": run / "cifg.history.json",
        "then three times": run / "second" / "cifg.history.json",
    }
    wanted = ("epoch", "perplexity", "val_perplexity", "seconds")
    found = {}
    for name, file in files.items():
        history = json.loads(file.read_text(encoding="utf-8"))
        found[name] = {key: history[key] for key in wanted}
    four = json.loads((run / "second" / "four_bits.json").read_text(encoding="utf-8"))
    return found | {"four bits": four}


def against(first, counted):
    """The shares of a model and their difference from the first one's, `(groups, 2, 3)` both."""
    stacked = np.concatenate([counted[:, :1], first[:, 1:], counted[:, 1:]], axis=1)
    told = summary(stacked)
    return {
        name: {"share": told[name]["after"]}
        | {key: told[name][key] for key in ("difference", "interval")}
        for name in SHARES
    }


def groups_of(folder, limit):
    """For each text the lines of each person, dialogue or article, `limit` of the last two."""
    groups = {
        f"sms_{split}": list(keyboard_text.load_messages(folder, split).values())
        for split in ("valid", "test")
    }
    groups["dialogues"] = _every(list(user_turns(folder / CORPORA[1]).values()), limit)
    groups["articles"] = _every(_articles(folder / CORPORA[2]), limit)
    return {
        name: [lines[: LINES[name]] for lines in found if lines] for name, found in groups.items()
    }


def _every(found, limit):
    return found[:: max(1, len(found) // limit)][:limit]


def _articles(file):
    """Tokens of the paragraphs below each title of the first level, ` = Title = `."""
    found = []
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            text = line.strip()
            if text.startswith("= ") and not text.startswith("= ="):
                found.append([])
            elif text and not text.startswith("=") and found:
                found[-1].append(keyboard_text.article_tokens(text))
    return found


class FrequencyList:
    """The trivial model: words of a vocabulary, frequent ones first, whatever was typed before."""

    def __init__(self, model):
        self.vocabulary, self.blocked = model.vocabulary, model.blocked
        # In the order of the vocabulary, which is that of the words' shares of the text.
        self._logits = -np.log1p(np.arange(len(self.vocabulary.words)))

    def reset(self):
        """There is nothing to forget."""

    def feed(self, token):
        """The same for every token."""
        return self._logits


if __name__ == "__main__":
    main()
