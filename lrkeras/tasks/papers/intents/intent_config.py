"""What one row of the table of intents and slots is made of."""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.matrix_config import MatrixConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class IntentConfig(MatrixConfig):
    """Every number of a run: beside its matrices, the model, the corpus and the training.

    Attributes:
        row: the name of the run; see `lrkeras.tasks.papers.intents.rows`.
        base: the dense run of the same corpus.
        corpus: `"atis"`, `"snips"`, `"clinc150"` or `"banking77"`.
        units: units of the LSTM in each of its two directions.
        embedding_dim: width of the word table.
        least_count: how often the training sentences must have a word that is in the table.
        max_words: words of a sentence that are read; the file takes as many.
        batch_size: sentences, of like length, between two updates.
        epochs: passes over the training sentences.
        learning_rate: the peak of AdamW's; after a warm-up it falls as a cosine.
        warmup_steps: batches until the peak.
        weight_decay: of AdamW.
        clip_norm: the largest global norm of the gradient.
        dropout: the rate on embedded words, and on the states before the outputs.
        max_sentences: cuts each part of the corpus; None uses all.
        seed: of the weights, the order of the sentences and the dropout.
    """

    row: str = "snips"
    base: str = "snips"
    corpus: str = "snips"
    units: int = 128
    embedding_dim: int = 64
    least_count: int = 2
    max_words: int = 36
    batch_size: int = 64
    epochs: int = 6
    learning_rate: float = 4e-3
    warmup_steps: int = 50
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    dropout: float = 0.3
    max_sentences: int | None = None
    seed: int = 1

    @property
    def has_slots(self) -> bool:
        """Whether the corpus says which slot a word fills."""
        return self.corpus in ("atis", "snips")


_SNIPS = IntentConfig()
_ATIS = dataclasses.replace(
    _SNIPS, row="atis", base="atis", corpus="atis", max_words=48, batch_size=32, epochs=10
)
_CLINC150 = dataclasses.replace(
    _SNIPS, row="clinc150", base="clinc150", corpus="clinc150", max_words=32, epochs=8
)
_BANKING77 = dataclasses.replace(
    _SNIPS, row="banking77", base="banking77", corpus="banking77", max_words=48, epochs=10
)
# Seconds, on the first sentences.
_TINY = dataclasses.replace(
    _SNIPS,
    row="snips_tiny",
    base="snips_tiny",
    units=16,
    embedding_dim=16,
    batch_size=16,
    epochs=2,
    warmup_steps=2,
    max_sentences=300,
)
BASES = {c.base: c for c in (_SNIPS, _ATIS, _CLINC150, _BANKING77, _TINY)}
