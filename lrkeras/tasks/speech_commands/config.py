"""What a run of the spoken-command task is made of."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

# The model that all others learn from.
TEACHER = "dense"


class Stage(NamedTuple):
    """A part of a training: its first epoch, the first one after it, its peak learning rate."""

    begin: int
    end: int
    rate: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpeechCommandsConfig:
    """Every number of a run.

    Attributes:
        corpus: `"embedded"` (comes with the package) or `"full"`: the folders
            `speech-commands-test` and `fsdd` in a folder that the caller names.
        held_out: the speaker of `fsdd` whom no model hears before the test.
        models: what is trained, names of `model.STRUCTURES`; `"dense"` first: the others learn
            from it.
        started: those that start from it too; the others start from random weights.
        num_layers: LSTM layers.
        units: units of each LSTM layer.
        small_units: those of the model `"small_dense"`.
        shared_units: of the model `"toeplitz_shared"`, its lowest layer and the layers above it.
        cifg_units: of the model `"projected_cifg"`, its cells and their projection.
        dropout: rate after each LSTM layer.
        compression: how many times fewer parameters the doped matrices have.
        block: the shape of a block of their sparse part.
        displacement_ranks: of the Toeplitz-like input and recurrent matrices of the lowest layer.
        shared_rank: of the low-rank matrices of the layers above it.
        frames: frames of a training string, of 20 ms.
        batch_size: strings of a batch.
        steps_per_epoch: batches of an epoch; strings are made anew for each.
        epochs: epochs of the first stage of every model.
        ctc_epochs: of the second, with the CTC loss of strings alone.
        rounded: models whose matrices are rounded to four bits in the second stage.
        aligned_rate: the peak rate of the first stage of models that start at random, reached after
            `warmup_steps`, then lowered along a cosine.
        ctc_rate: that of their second stage.
        fitted_rate: that of the first stage of the others.
        rounded_rate: that of their second stage.
        warmup_steps: batches until the peak rate.
        weight_decay: AdamW's decay of every weight.
        clip_norm: the largest global norm of the gradient.
        frame_weight: the weight of the frames' cross-entropy beside the CTC loss of the string.
        teacher_weight: the share of the dense model's outputs in the loss of the others, as
            `tools/release/train_speech_seeds.py` chose it on validation. The CTC loss is that of a
            whole string, the distance to the teacher that of a frame.
        anneal: where in the training of a doped model its sparsity stops rising, as a share.
        speed: the slowest and the fastest speed of a word, which is its pitch, too.
        tempo: the slowest and the fastest tempo of a word, at the pitch of its speed; `None`: what
            the speed makes of it.
        noise_ratio: the least and the greatest ratio of speech to noise, in decibels.
        ramp_epochs: epochs of models that start at random over which all changes to the strings
            grow to their full extent.
        max_valid: validation clips that are scored after each epoch.
        seed: the seed of the weights, the dropout and the strings.
    """

    corpus: str = "full"
    held_out: str = "theo"
    models: tuple[str, ...] = (
        "dense",
        "toeplitz_shared",
        "small_dense",
        "projected_cifg",
        "doped_kronecker",
    )
    started: tuple[str, ...] = ("toeplitz_shared", "small_dense", "doped_kronecker")
    num_layers: int = 3
    units: int = 160
    small_units: int = 88
    shared_units: tuple[int, int] = (128, 128)
    cifg_units: tuple[int, int] = (136, 64)
    dropout: float = 0.2
    compression: float = 4.8
    block: tuple[int, int] = (1, 16)
    displacement_ranks: tuple[int, int] = (16, 24)
    shared_rank: int = 28
    frames: int = 96
    batch_size: int = 64
    steps_per_epoch: int = 50
    epochs: int = 40
    ctc_epochs: int = 14
    rounded: tuple[str, ...] = ("toeplitz_shared", "small_dense", "projected_cifg")
    aligned_rate: float = 3e-3
    ctc_rate: float = 1.5e-3
    fitted_rate: float = 1e-3
    rounded_rate: float = 5e-4
    warmup_steps: int = 100
    weight_decay: float = 1e-3
    clip_norm: float = 5.0
    frame_weight: float = 0.25
    teacher_weight: float = 0.9
    anneal: float = 0.6
    speed: tuple[float, float] = (0.85, 1.18)
    tempo: tuple[float, float] | None = None
    noise_ratio: tuple[float, float] = (5.0, 40.0)
    ramp_epochs: int = 8
    max_valid: int | None = None
    seed: int = 1

    def stages_of(self, name: str) -> dict[str, Stage]:
        """The stages of the training of a model, in their order.

        Told where the words are, a network learns them fast, but then says a word over many frames,
        or none where it is not sure of one; CTC alone then makes it say each word once. What starts
        from a network that does so needs not be told.
        """
        if name not in self.started:
            rates = {"aligned": self.aligned_rate, "ctc": self.ctc_rate}
        else:
            rates = {"fitted": self.fitted_rate, "rounded": self.rounded_rate}
        epochs = ((0, self.epochs), (self.epochs, self.epochs + self.ctc_epochs))
        return {
            stage: Stage(begin, end, rate)
            for (stage, rate), (begin, end) in zip(rates.items(), epochs, strict=True)
        }


FULL = SpeechCommandsConfig()
PRESETS = {
    # Seconds of training on two dozen clips: shows that everything works, and recognises little.
    "tiny": SpeechCommandsConfig(
        corpus="embedded",
        units=48,
        num_layers=2,
        small_units=24,
        shared_units=(40, 48),
        cifg_units=(48, 24),
        displacement_ranks=(2, 4),
        shared_rank=12,
        models=("dense", "toeplitz_shared"),
        steps_per_epoch=20,
        batch_size=16,
        epochs=4,
        ctc_epochs=2,
        ramp_epochs=4,
        warmup_steps=20,
        dropout=0.0,
    ),
    "all": FULL,
    # Of six short trainings, each without one speaker of digits (`leave_one_out`).
    "leave_one_out": dataclasses.replace(
        FULL,
        models=("dense",),
        units=86,
        steps_per_epoch=25,
        ctc_epochs=20,
        speed=(0.78, 1.35),
        tempo=(0.75, 1.35),
    ),
    **{
        name: dataclasses.replace(FULL, models=tuple(dict.fromkeys(("dense", name))))
        for name in FULL.models
    },
}
