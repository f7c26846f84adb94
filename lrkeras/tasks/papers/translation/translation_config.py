"""What one row of the table of translation is made of."""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.matrix_config import MatrixConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class TranslationConfig(MatrixConfig):
    """Every number of a run: beside its matrices, the model, the corpus and the training.

    Attributes:
        row: the name of the run; see `lrkeras.tasks.papers.translation.rows`.
        base: the dense run of the same sizes and schedule.
        corpus: `"multi30k"`, read from a folder, or `"made_up"`, which needs none.
        units: of each of the two LSTMs of the encoder, and of the two of the decoder.
        embedding_dim: width of the table, which reads sub-words of both languages and, turned
            round, gives the scores.
        num_pieces: sub-words of both languages together.
        longest: sub-words of a sentence that are read, and given at most; longer pairs are not
            trained on.
        batch_size: pairs, of like length, between two updates.
        epochs: passes over the training pairs.
        learning_rate: the peak of AdamW's; after a warm-up it falls as a cosine.
        warmup_steps: batches until the peak.
        weight_decay: of AdamW.
        clip_norm: the largest global norm of the gradient.
        bfloat16_products: whether products of the training are in bfloat16 where the processor
            has instructions for it.
        dropout: the rate on embedded sub-words, between layers, and before the scores.
        beam_width: sequences of the beam search.
        length_penalty: the power of a sequence's length that its log-probability is divided by.
        reads_test: whether the test sentences are translated when the training is over.
        seed: of the weights, the order of the pairs and the dropout.
    """

    row: str = "multi30k"
    base: str = "multi30k"
    corpus: str = "multi30k"
    units: int = 512
    embedding_dim: int = 256
    num_pieces: int = 4000
    longest: int = 48
    batch_size: int = 64
    epochs: int = 12
    learning_rate: float = 2e-3
    warmup_steps: int = 400
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    bfloat16_products: bool = True
    dropout: float = 0.3
    beam_width: int = 4
    length_penalty: float = 0.6
    reads_test: bool = True
    seed: int = 1


_WIDE = TranslationConfig()
_HALF = dataclasses.replace(_WIDE, row="multi30k_256", base="multi30k_256", units=256)
# Seconds, on sentences that the package makes up.
_TINY = TranslationConfig(
    row="multi30k_tiny",
    base="multi30k_tiny",
    corpus="made_up",
    units=48,
    embedding_dim=32,
    num_pieces=200,
    longest=12,
    batch_size=8,
    learning_rate=8e-3,
    warmup_steps=10,
    dropout=0.1,
    beam_width=2,
)
BASES = {c.base: c for c in (_WIDE, _HALF, _TINY)}
