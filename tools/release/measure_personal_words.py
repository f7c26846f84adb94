"""Measures what words of a person do for phone messages.

    python tools/release/measure_personal_words.py FILE.tflite ... --data DIR --out FILE.json

DIR holds `nus-sms/`. Each person's messages are typed in their order, once with the model alone and
once with words learned from that person's earlier messages alone (`PersonalWords`): words that
cannot be suggested, next words among three suggestions, keystrokes saved. Intervals of 95 % are from a
bootstrap over people. How much the words weigh was chosen on the people of `valid`.
"""

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
from lrkeras.tasks.keyboard.file_model import FileModel
from lrkeras.tasks.keyboard.measure import measure
from lrkeras.tasks.keyboard.personal_words import PersonalWords

SPLITS = ("valid", "test")
SAMPLES = 2000
SHARES = ("oov_rate", "top3", "keystrokes_saved")


def main(arguments=None):
    """Command line; see the top of the file."""
    options = parser_of(__doc__, 200, "messages of a person").parse_args(arguments)
    require_paths(
        reads=[*options.files, options.data / "nus-sms" / "nus_sms_en.dev.tsv"],
        writes=[options.out],
        hint="--data must hold nus-sms/.",
    )
    result = heading("measure_personal_words", arguments) | {
        "models": {},
    }
    for file in options.files:
        model, row = FileModel(file), {"sha256": checksum(file)}
        for split in SPLITS:
            messages = keyboard_text.load_messages(options.data, split)
            people = [texts[: options.limit] for texts in messages.values()]
            counted = [people_of(model, one) for one in track(people, f"{file.stem}, {split}")]
            row[split] = {"people": len(people), "messages": sum(map(len, people))}
            row[split] |= summary(np.array(counted))
        result["models"][file.stem] = row
    write_json(options.out, result)
    return result


def people_of(model, messages):
    """Sums of one person: words and keystrokes, and `SHARES` of them without and with words."""
    tokens = [token for text in messages for token in keyboard_text.tokenize(text)]
    keys = sum(len(token) + 1 for token in tokens if keyboard_text.WORD.fullmatch(token))
    rows = []
    for personal in (None, PersonalWords()):
        one = measure(model, messages, model.vocabulary, model.blocked, personal=personal)
        whole = (one.words, one.words, keys)
        rows.append([getattr(one, name) * of for name, of in zip(SHARES, whole, strict=True)])
    return [list(whole), *rows]


def summary(counted, samples=SAMPLES, seed=0):
    """Shares over all people, before and after, and the difference with its interval.

    Args:
        counted: array of shape `(people, 3, 3)`: the whole, before and after, of each of `SHARES`.
        samples: of the bootstrap.
        seed: of the bootstrap.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(counted), size=(samples, len(counted)))

    def shares(sums):
        return sums[..., 1:, :] / sums[..., :1, :]

    whole, drawn = shares(counted.sum(0)), shares(counted[chosen].sum(1))
    found = {}
    for place, name in enumerate(SHARES):
        (before, after), spread = whole[:, place], np.diff(drawn[:, :, place])[:, 0]
        found[name] = {
            "before": before,
            "after": after,
            "difference": after - before,
            "interval": list(np.quantile(spread, (0.025, 0.975))),
        }
    return found


if __name__ == "__main__":
    main()
