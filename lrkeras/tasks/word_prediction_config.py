"""What a word-prediction run is made of."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordPredictionConfig:
    """Every number of a word-prediction run.

    Attributes:
        corpus: `"dialogues"` (comes with the package), `"ptb"` or `"wikitext2"` (read from a
            folder).
        num_words: the size of the vocabulary.
        num_layers: LSTM layers.
        units: units of each LSTM layer.
        embedding_dim: width of the word table, which is also the output table.
        models: the models to train, names of `word_prediction.STRUCTURES`.
        compression: how many times fewer parameters the compressed matrices have.
        block: the shape of a block of the sparse part; `(1, 16)` is what the fast int8 kernel
            reads.
        window: tokens of a training window.
        batch_size: windows of a batch.
        steps_per_epoch: batches of an epoch; an epoch may be less than a pass over the text.
        epochs: epochs of every model.
        learning_rate: the peak rate, reached after `warmup_steps` and then lowered along a cosine.
        warmup_steps: batches until the peak rate.
        weight_decay: AdamW's decay of every weight.
        clip_norm: the largest global norm of the gradient.
        dropout: rate before the output projection.
        co_matrix_dropout: rate at which rows of each part of a doped matrix are dropped until the
            sparsity has reached its target; 0 from then on.
        anneal: where in the run the sparsity starts and stops rising, as shares of all batches.
        anneal_power: the exponent of the sparsity schedule.
        max_train_tokens: cuts the training text; None uses all.
        max_valid_tokens: cuts the validation text; None uses all.
        seed: the seed of the weights, the dropout and the order of the windows.
    """

    corpus: str = "dialogues"
    num_words: int = 2000
    num_layers: int = 1
    units: int = 512
    embedding_dim: int = 128
    models: tuple[str, ...] = ("dense", "doped_kronecker")
    compression: float = 16
    block: tuple[int, int] = (1, 16)
    window: int = 20
    batch_size: int = 32
    steps_per_epoch: int = 65
    epochs: int = 8
    learning_rate: float = 4e-3
    warmup_steps: int = 65
    weight_decay: float = 1e-4
    clip_norm: float = 1.0
    dropout: float = 0.0
    co_matrix_dropout: float = 0.0
    anneal: tuple[float, float] = (0.1, 0.6)
    anneal_power: float = 3
    max_train_tokens: int | None = None
    max_valid_tokens: int | None = None
    seed: int = 1

    @property
    def total_steps(self) -> int:
        """Batches of the whole run."""
        return self.steps_per_epoch * self.epochs


PRESETS = {
    # A run of little more than one pass over the text underfits: there co-matrix dropout costs
    # perplexity (384 units, 10x: 13.9 without, 14.4 at a rate of 0.05, 15.4 at 0.1; dense 13.5).
    "tiny": WordPredictionConfig(max_valid_tokens=16_000),
    "small": WordPredictionConfig(
        num_words=4000,
        units=768,
        embedding_dim=192,
        window=35,
        steps_per_epoch=600,
        epochs=12,
        learning_rate=3e-3,
        dropout=0.2,
        co_matrix_dropout=0.1,
    ),
    # The sizes of the medium model of Zaremba et al. 2014 (arXiv 1409.2329); the optimiser is ours.
    "ptb_medium": WordPredictionConfig(
        corpus="ptb",
        num_words=10_000,
        num_layers=2,
        units=650,
        embedding_dim=650,
        compression=25,
        window=35,
        batch_size=20,
        steps_per_epoch=1300,
        epochs=40,
        learning_rate=2e-3,
        dropout=0.5,
        co_matrix_dropout=0.3,
    ),
}
