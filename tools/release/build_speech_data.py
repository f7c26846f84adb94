"""Rebuilds the embedded clips of spoken commands and digits.

    python tools/release/build_speech_data.py --data DIR [--out lrkeras/datasets/speech_clips]

DIR holds `speech-commands-test/` and `fsdd/`. The result depends on those files only: of each word
and split the first clip by a hash of its name, of words of less than 0.65 s and of different
speakers where the split has enough of them, cut to the word and 50 ms around it.
"""

import argparse
import csv
import hashlib
import os
import pathlib
import sys

OUT = pathlib.Path(__file__).resolve().parents[2] / "lrkeras" / "datasets" / "speech_clips"
# Speakers of the digits, and how many of the commands and digits each split has.
SPLITS = {"train": ("george", 10), "valid": ("jackson", 4), "test": ("theo", 10)}
OTHER_WORDS = ("marvin",)
NOISE_SECONDS, MARGIN, LONGEST = 0.5, 800, 10_400
HEADER = ("file", "class", "word", "speaker", "suggested_split")


def order(clip):
    """A fixed order that has nothing to do with the speakers."""
    return hashlib.sha256(clip.name.encode()).hexdigest()


def length(clip):
    """Samples of the word in a clip."""
    from lrkeras.tasks.speech_commands.word_span import word_span

    begin, end = word_span(clip.samples)
    return end - begin


def chosen(data, split):
    """The clips of a split."""
    from lrkeras.datasets import speech_commands as corpus

    speaker, count = SPLITS[split]
    spoken = sorted(corpus.load_speech_commands(data / "speech-commands-test", split), key=order)
    digits = sorted(corpus.load_fsdd(data / "fsdd", [speaker]), key=order)
    clips, speakers = [], set()
    for word in (*corpus.COMMANDS[:count], *OTHER_WORDS):
        named = [clip for clip in spoken if clip.word == word and length(clip) < LONGEST]
        fresh = [clip for clip in named if clip.speaker not in speakers] or named
        clips += fresh[:1]
        speakers |= {clip.speaker for clip in fresh[:1]}
    clips += [
        next(clip for clip in digits if clip.word == word and length(clip) < LONGEST)
        for word in corpus.DIGITS[:count]
    ]
    return [*clips, next(clip for clip in spoken if clip.is_noise)]


def write(clip, out):
    """Writes a clip, cut to its word; returns the file's name below `out`."""
    from lrkeras.datasets.wav import SAMPLE_RATE, write_wav
    from lrkeras.tasks.speech_commands.word_span import word_span

    if clip.is_noise:
        samples = clip.samples[: int(NOISE_SECONDS * SAMPLE_RATE)]
    else:
        begin, end = word_span(clip.samples, MARGIN)
        samples = clip.samples[begin:end]
    name = f"{clip.word or 'noise'}_{clip.speaker}.wav.xz"
    if "/" in clip.name:
        write_wav(out / name, samples)
    else:  # digits were recorded at half the rate: every other sample holds all there is
        write_wav(out / name, samples[::2], SAMPLE_RATE // 2)
    return name


def main(arguments=None):
    """Writes the clips and `index.tsv`; returns the exit status."""
    from lrkeras.datasets.speech_commands import COMMANDS
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks.speech_commands.corpus import files_of

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="folder to write into")
    options = parser.parse_args(arguments)
    hint = "--data must hold speech-commands-test/ and fsdd/."
    require_paths(reads=files_of(options.data), hint=hint)
    clips = {split: chosen(options.data, split) for split in SPLITS}
    folder = options.out / "wav"
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.wav.xz"):
        file.unlink()
    with (options.out / "index.tsv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, delimiter="\t", lineterminator="\n")
        table.writerow(HEADER)
        for split in SPLITS:
            for clip in clips[split]:
                kind = clip.word if clip.word in COMMANDS else "_unknown_"
                kind = "_silence_" if clip.is_noise else kind
                table.writerow((write(clip, folder), kind, clip.word, clip.speaker, split))
    size = sum(file.stat().st_size for file in folder.glob("*.wav.xz"))
    print(f"{len(list(folder.glob('*.wav.xz')))} clips, {size:,} bytes")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    sys.exit(main())
