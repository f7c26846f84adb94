"""Rebuilds the embedded word-prediction text from the Schema-Guided Dialogue utterances.

    python tools/release/build_word_data.py --sgd DIR [--out lrkeras/datasets/word_text]

DIR holds `train.tsv` and `dev.tsv` with the columns dialogue id, speaker and utterance. The result
depends on those two files only: whole dialogues are chosen by a hash of their id, so no dialogue is
split and a second run writes the same bytes. Training text comes from `train.tsv` alone and
validation text from `dev.tsv` alone.
"""

import argparse
import bz2
import hashlib
import pathlib
import sys

OUT = pathlib.Path(__file__).resolve().parents[2] / "lrkeras" / "datasets" / "word_text"
# Percent of the dialogues that are kept: chosen so that both files together stay under 600 KB.
KEPT_PERCENT = {"train": 60, "valid": 20}
SOURCES = {"train": "train.tsv", "valid": "dev.tsv"}


def user_turns(path: pathlib.Path) -> dict[str, list[str]]:
    """Returns the user's utterances of each dialogue, in the order of the file."""
    dialogues: dict[str, list[str]] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 3:
                raise ValueError(
                    f"{path}, line {number}: expected 3 tab-separated columns (dialogue, speaker, "
                    f"utterance), received {len(fields)}."
                )
            dialogue, speaker, utterance = fields
            if speaker == "USER":
                dialogues.setdefault(dialogue, []).append(" ".join(utterance.split()))
    return dialogues


def is_kept(split: str, dialogue: str) -> bool:
    """Tells, from a hash of its name, whether a dialogue belongs to the excerpt."""
    digest = hashlib.sha256(f"{split}/{dialogue}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < KEPT_PERCENT[split]


def excerpt(split: str, source: pathlib.Path) -> str:
    """Returns one utterance a line, with a blank line between dialogues."""
    chosen = [turns for name, turns in user_turns(source).items() if is_kept(split, name)]
    return "\n\n".join("\n".join(turns) for turns in chosen) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Writes `train.txt.bz2` and `valid.txt.bz2`; returns the exit status."""
    from lrkeras.system.required_paths import require_paths

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sgd", type=pathlib.Path, required=True, help="folder of the .tsv files")
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="folder to write into")
    options = parser.parse_args(arguments)
    names = list(SOURCES.values())
    hint = f"--sgd must hold {' and '.join(names)}."
    require_paths(reads=[options.sgd / name for name in names], hint=hint)
    texts = {split: excerpt(split, options.sgd / name) for split, name in SOURCES.items()}
    options.out.mkdir(parents=True, exist_ok=True)
    for split, text in texts.items():
        packed = bz2.compress(text.encode("utf-8"))
        (options.out / f"{split}.txt.bz2").write_bytes(packed)
        print(f"{split}: {len(text):,} characters, {len(packed):,} bytes packed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
