"""Multi30k (Elliott et al. 2016, arXiv 1605.00459): captions of pictures in several languages.

The captions are for research that is not commercial, and do not come with the package.
"""

from __future__ import annotations

import gzip
import os
import pathlib

SPLITS = {"train": "train", "valid": "val", "test": "test_2016_flickr"}
FOLDER = "raw"


def load_data(
    folder: str | os.PathLike, split: str, source: str = "en", target: str = "de"
) -> list[tuple[str, str]]:
    """Loads the pairs of a split, in the order of the corpus, as they were written.

    Args:
        folder: holds `raw/train.en.gz` and the like.
        split: `"train"`, `"valid"` or `"test"` (the pictures of Flickr of 2016).
        source: the language of the first of each pair: `"en"`, `"de"` or `"fr"`.
        target: that of the second.

    Raises:
        ValueError: there is no such split, or the files have not as many lines.
        FileNotFoundError: the folder does not hold them.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {tuple(SPLITS)}; received {split!r}.")
    files = [
        pathlib.Path(folder, FOLDER, f"{SPLITS[split]}.{name}.gz") for name in (source, target)
    ]
    texts = [_lines(file) for file in files]
    if len(texts[0]) != len(texts[1]):
        raise ValueError(
            f"Expected as many lines in {files[1].name} as in {files[0].name}; received "
            f"{len(texts[1])} and {len(texts[0])}. Copy both again."
        )
    return list(zip(*texts, strict=True))


def _lines(file: pathlib.Path) -> list[str]:
    if not file.is_file():
        raise FileNotFoundError(
            f"Expected {FOLDER}/{file.name} in {os.fspath(file.parents[1])!r}; nothing is there. "
            "Pass the folder into which Multi30k was unpacked."
        )
    with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
        return [line.strip() for line in lines]
