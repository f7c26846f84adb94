"""Measures what corrections of typing errors mend, and what they spoil.

    python tools/release/measure_corrections.py FILE.tflite ... --data DIR --out FILE.json

DIR holds `fra-eng/`, `nus-sms/` and `sgd-text/`. Of each text one word that the model knows gets
typing errors (`typing_error`, with a seed); mended is what becomes that word again. Of the texts as
they are, every word is a right one: spoiled is what becomes another. People's messages have errors of
their own and words that are spelled in their own way, so that not all of their changes are harm; the
most frequent ones are in the result. Beside the corrections stands the nearest word: the fewest edits,
the most frequent of these, always taken. `evidence` says what other thresholds would do.
"""

import collections
import csv
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from measured_files import heading, parser_of
from rich.progress import track

from lrkeras.datasets import keyboard_text
from lrkeras.models.registry import checksum
from lrkeras.system.json_file import write_json
from lrkeras.system.required_paths import require_paths
from lrkeras.tasks.keyboard.suggester import Suggester
from lrkeras.tasks.keyboard.typed_text import TypedText
from lrkeras.tasks.keyboard.typing_errors import most_edits, touch

FILES = ("fra-eng/valid.tsv", "fra-eng/test.tsv", "nus-sms/nus_sms_en.dev.tsv", "sgd-text/dev.tsv")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
NEIGHBOURS = {a: [b for b in LETTERS if b != a and touch(a, b)] for a in LETTERS}
# Of ten errors, how many are of a kind; nobody's fingers were counted for it.
KINDS = {"neighbour": 4, "missing": 2, "swapped": 2, "doubled": 1, "extra": 1}
TWICE = 0.1  # share of the words of six letters or more that get two errors
SHIFTS = (-2, -1, -0.5, 0, 0.5, 1, 2)
SHOWN = 25


def main(arguments=None):
    """Command line; see the top of the file."""
    options = parser_of(__doc__, 1500, "texts of a set").parse_args(arguments)
    require_paths(
        reads=[*options.files, *(options.data / name for name in FILES)],
        writes=[options.out],
        hint="--data must hold fra-eng/, nus-sms/ and sgd-text/.",
    )
    sets = load_sets(options.data, options.limit)
    result = heading("measure_corrections", arguments) | {
        "kinds": KINDS,
        "sets": {name: len(texts) for name, texts in sets.items()},
        "models": {},
    }
    for file in options.files:
        suggester = Suggester(file)
        result["models"][file.stem] = {"sha256": checksum(file)} | {
            name: measure(suggester, track(texts, f"{file.stem}, {name}"))
            for name, texts in sets.items()
        }
    write_json(options.out, result)
    return result


def load_sets(folder, limit):
    """Texts as they were written, by set; weights were chosen on the `_valid` ones alone."""
    sets = {"dialogues_valid": _turns(folder / "sgd-text" / "dev.tsv")}
    for split in ("valid", "test"):
        sets[f"sentences_{split}"] = _sentences(folder / "fra-eng" / f"{split}.tsv")
        messages = keyboard_text.load_messages(folder, split).values()
        sets[f"sms_{split}"] = [text for one in messages for text in one]
    return {name: texts[:: max(1, len(texts) // limit)][:limit] for name, texts in sets.items()}


def measure(suggester, texts, *, seed=0):
    """What happens to words with errors and to right ones."""
    rng = np.random.default_rng(seed)
    errors, right = [], []
    counts = collections.Counter()
    for text in texts:
        places = word_places(text)
        counts["words"] += len(places)
        known = [p for p in places if _may_get_error(suggester, text, p)]
        if known:
            start, end = known[rng.integers(len(known))]
            typed = typing_error(text[start:end], rng)
            counts["hidden"] += suggester.ranking.knows(typed.lower())
            if not suggester.ranking.knows(typed.lower()):
                errors.append(_case(suggester, text[:start] + typed, text[start:end]))
        for start, end in places:
            if not suggester.ranking.knows(text[start:end].lower()):
                right.append(_case(suggester, text[:end], text[start:end]))
    return {
        "words": counts["words"],
        "errors": len(errors),
        # Errors that make another word of the vocabulary, which nobody looks for.
        "errors_hidden": counts["hidden"],
        "unknown_words": len(right),
        "corrections": _summary(errors, right, 0.0, counts["words"]),
        "nearest": _summary(errors, right, None, counts["words"]),
        "evidence": {str(s): _summary(errors, right, s, counts["words"]) for s in SHIFTS},
        "most_changed": _most_changed(right),
    }


def word_places(text):
    """Where the words of a text are that stand between blanks or marks."""
    places = (match.span() for match in keyboard_text.WORD.finditer(text.replace("\u2019", "'")))
    return [(a, b) for a, b in places if TypedText.of(text[:b]).stands_alone]


def typing_error(word, rng):
    """A word as it may be mistyped: one error, or two in a long word now and then."""
    times = 2 if len(word) >= 6 and rng.random() < TWICE else 1
    typed = word
    while times or typed == word:
        typed = _one_error(typed, rng)
        times = max(0, times - 1)
    return typed


def _one_error(word, rng):
    kinds, weights = zip(*KINDS.items(), strict=True)
    kind = rng.choice(kinds, p=np.array(weights) / sum(weights))
    places = [i for i, letter in enumerate(word) if letter.lower() in NEIGHBOURS]
    i = int(rng.choice(places))
    near = str(rng.choice(NEIGHBOURS[word[i].lower()]))
    if kind == "neighbour":
        changed = word[:i] + near + word[i + 1 :]
    elif kind == "missing":
        changed = word[:i] + word[i + 1 :]
    elif kind == "doubled":
        changed = word[: i + 1] + word[i:].lower()
    elif kind == "extra":
        changed = word[: i + 1] + near + word[i + 1 :]
    else:
        pair = word[i : i + 2]
        changed = word[:i] + pair[::-1] + word[i + 2 :]
    return changed[:1].upper() + changed[1:].lower() if word[0].isupper() else changed


def _may_get_error(suggester, text, place):
    word = text[slice(*place)]
    ranking = suggester.ranking
    typed = TypedText.of(text[: place[1]])
    return (
        len(word) >= 3
        and all(letter in LETTERS for letter in word[1:])
        and (word[0] in LETTERS or (typed.starts_sentence and word[0].lower() in LETTERS))
        and word.lower() in ranking.ids
        and ranking.may_show(word.lower())
    )


def _case(suggester, text, meant):
    """`(meant, best word and its evidence, nearest word)`, in lower case; None where left alone."""
    typed = TypedText.of(text)
    corrector = suggester.corrector
    found = corrector.best(typed, lambda: suggester.logits(typed))
    return meant.lower(), found, None if found is None else _nearest(corrector, typed)


def _nearest(corrector, typed):
    letters = typed.prefix.lower().replace("'", "")
    for edits in range(most_edits(len(letters)) + 1):
        near = corrector.letters.near(letters, edits)
        if near:
            return corrector.ranking.words[min(near)]
    return None


def _summary(errors, right, shift, words):
    def changed(case):
        _, found, nearest = case
        if shift is None or found is None:
            return nearest
        return found[0] if found[1] >= shift else None

    after = [(case[0], changed(case)) for case in errors]
    spoiled = sum(changed(case) is not None for case in right)
    return {
        "mended": sum(a == b for a, b in after) / max(len(after), 1),
        "mended_to_another": sum(b is not None and a != b for a, b in after) / max(len(after), 1),
        "unknown_words_spoiled": spoiled / max(len(right), 1),
        "spoiled_in_1000_words": 1000 * spoiled / max(words, 1),
    }


def _most_changed(right):
    pairs = collections.Counter(
        f"{meant} > {found[0]}" for meant, found, _ in right if found is not None and found[1] >= 0
    )
    return dict(pairs.most_common(SHOWN))


def _turns(file):
    with file.open(encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    return [text for _, speaker, text in rows if speaker == "USER"]


def _sentences(file):
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return list(dict.fromkeys(row[0] for row in rows))


if __name__ == "__main__":
    main()
