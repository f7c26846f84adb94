"""What a row of the ELMo table is made of."""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.matrix_config import MatrixConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class ElmoConfig(MatrixConfig):
    """Every number of a run.

    Attributes:
        method: as in `MatrixConfig`, or `"int8"`: every matrix of the LSTMs rounded to eight bits.
        row: the name of the run; see `rows.py`.
        base: the dense run with the same sizes and schedule.
        corpus: `"wikitext-2"`, read from a folder; `"dialogues"`, which comes with the package;
            or `"none"`: there is no language model, the tasks are learnt from a table of words.
        character_dim: width of the table of characters.
        characters: bytes of a word that are read, its two marks among them.
        filters: of the character CNN, pairs of width and number.
        units: memory cells of an LSTM.
        projection: width of what it gives on, to itself and to the next.
        num_layers: LSTMs of a direction.
        num_words: words that are predicted, the most frequent ones.
        window: words of a row of a batch.
        batch_size: rows.
        negatives: words drawn for a batch that stand for all others in the loss.
        dropout: rate before each LSTM and after the last.
        epochs: passes over the text.
        learning_rate: the peak rate of AdamW, reached after `warmup_steps`, then lowered along a
            cosine.
        warmup_steps: batches until the peak rate.
        weight_decay: AdamW's decay of every weight.
        clip_norm: the largest global norm of the gradient.
        max_tokens: words of each part of the text that are used, or None for all.
        tasks: what is learnt on top, names of `downstream.TASKS`.
        task_seeds: each task is learnt once with each.
        task_epochs: passes over its examples, of which validation chooses one.
        task_units: units of its LSTMs.
        task_dim: width of its table of words.
        task_rate: its learning rate.
        task_dropout: its rate of dropout.
        max_examples: of each part of a task, or None for all.
        seed: of the weights and the dropout of the language model, and the order of its text.
    """

    row: str = "elmo"
    base: str = "elmo"
    corpus: str = "wikitext-2"
    character_dim: int = 16
    characters: int = 16
    filters: tuple[tuple[int, int], ...] = ((1, 32), (2, 32), (3, 64), (4, 64), (5, 64))
    units: int = 512
    projection: int = 128
    num_layers: int = 2
    num_words: int = 15_000
    window: int = 50
    batch_size: int = 32
    negatives: int = 2048
    dropout: float = 0.1
    epochs: int = 5
    learning_rate: float = 2e-3
    warmup_steps: int = 200
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    max_tokens: int | None = None
    tasks: tuple[str, ...] = ("sst", "sick", "squad")
    task_seeds: tuple[int, ...] = (1, 2, 3)
    task_epochs: int = 6
    task_units: int = 64
    task_dim: int = 64
    task_rate: float = 2e-3
    task_dropout: float = 0.3
    max_examples: int | None = None
    seed: int = 1

    @property
    def has_language_model(self) -> bool:
        """Whether there is anything below the tasks but a table of words."""
        return self.corpus != "none"

    @property
    def is_pruned_at_once(self) -> bool:
        """Whether a sparse part is at its target from the start: always, nothing is trained."""
        return self.method == "pruned"

    @property
    def is_compressed(self) -> bool:
        """Whether it is another run's language model, made smaller and not trained."""
        return self.has_structures or self.method == "int8"

    @property
    def has_structures(self) -> bool:
        """Whether some matrices of the LSTMs are structures."""
        return self.method in ("svd", "semi_nmf", "pruned")


BASES = {
    "elmo": ElmoConfig(),
    "elmo_words": ElmoConfig(row="elmo_words", base="elmo_words", corpus="none"),
    "elmo_tiny": ElmoConfig(
        row="elmo_tiny",
        base="elmo_tiny",
        corpus="dialogues",
        character_dim=8,
        characters=10,
        filters=((1, 8), (3, 8)),
        units=24,
        projection=12,
        num_words=200,
        window=12,
        batch_size=8,
        negatives=64,
        epochs=2,
        learning_rate=1e-2,
        warmup_steps=5,
        max_tokens=2000,
        tasks=(),
        task_seeds=(1,),
        task_epochs=2,
        task_units=8,
        task_dim=8,
    ),
}
