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
from shares_of_groups import summary, sums_of

from lrkeras.datasets import keyboard_text
from lrkeras.models.registry import checksum
from lrkeras.system.json_file import write_json
from lrkeras.system.required_paths import require_paths
from lrkeras.tasks.keyboard.file_model import FileModel
from lrkeras.tasks.keyboard.personal_words import PersonalWords

SPLITS = ("valid", "test")


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
    whole, alone = sums_of(model, messages)
    return [whole, alone, sums_of(model, messages, PersonalWords())[1]]


if __name__ == "__main__":
    main()
