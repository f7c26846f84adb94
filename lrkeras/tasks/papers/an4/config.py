"""What a row of the AN4 table is made of."""

from __future__ import annotations

import dataclasses

from lrkeras.datasets.an4 import COEFFICIENTS


@dataclasses.dataclass(frozen=True, kw_only=True)
class AN4Config:
    """Every number of a run.

    Attributes:
        row: the name of the run; see `rows.py`.
        base: the dense run with the same sizes and schedule.
        corpus: `"an4"`, read from a folder, or `"made_up"`, which needs none.
        method: `"dense"`, `"small_dense"` or one of `sizes.METHODS`.
        compression: how many times fewer numbers the LSTM layers have, biases counted.
        num_layers: LSTM layers.
        units: of each.
        dropout: rate after each layer.
        stacked_frames: frames of 10 ms that one step reads.
        batch_size: utterances of a batch.
        epochs: passes over the training utterances.
        ordered_epochs: the first of them, which go from short utterances to long ones.
        learning_rate: the peak rate of AdamW, reached after `warmup_steps`, then lowered along a
            cosine.
        warmup_steps: batches until the peak rate.
        weight_decay: AdamW's decay of every weight.
        clip_norm: the largest global norm of the gradient.
        tempo: by how much an utterance is made faster or slower at most, as a share.
        shift: standard deviation of what is added to a coefficient of a whole utterance, and
        noise: of what is added to it in every frame; of the coefficient's own deviation.
        masked_frames: the longest stretch that is hidden, of two.
        masked_coefficients: the most neighbouring coefficients that are hidden.
        beam_width: strings that the beam search keeps.
        reads_test: whether the test speakers are heard when the training is over.
        seed: of the weights, the dropout and the changes to the utterances.
    """

    row: str = "an4"
    base: str = "an4"
    corpus: str = "an4"
    method: str = "dense"
    compression: float | None = None
    num_layers: int = 3
    units: int = 256
    dropout: float = 0.3
    stacked_frames: int = 3
    batch_size: int = 16
    epochs: int = 60
    ordered_epochs: int = 2
    learning_rate: float = 3e-3
    warmup_steps: int = 100
    weight_decay: float = 1e-3
    clip_norm: float = 10.0
    tempo: float = 0.15
    shift: float = 0.2
    noise: float = 0.1
    masked_frames: int = 30
    masked_coefficients: int = 2
    beam_width: int = 32
    reads_test: bool = True
    seed: int = 1

    @property
    def features(self) -> int:
        """Numbers that a step reads: the coefficients and their slopes, of all stacked frames."""
        return self.stacked_frames * 2 * COEFFICIENTS
