"""What a word-prediction run is made of."""

from __future__ import annotations

import dataclasses

_STEPS_OF_A_PASS = (50, 1000)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordPredictionConfig:
    """Every number of a word-prediction run.

    Attributes:
        corpus: `"dialogues"` (comes with the package), `"ptb"`, `"wikitext2"` or `"keyboard"`
            (`lrkeras.datasets.keyboard_text`), read from a folder, or `"text"`, a file of anyone's
            text (`lrkeras.datasets.own_text`), of whose models phone files are made.
        num_words: the size of the vocabulary.
        num_layers: LSTM layers.
        units: units of each LSTM layer.
        embedding_dim: width of the word table, which is also the output table.
        models: the models to train, names of `word_models.MODELS`; the teacher, if any, first.
        compression: how many times fewer parameters doped and pruned matrices have.
        factor_compression: the same of low-rank and hybrid ones.
        gate_layout: `"per_gate"` or `"stacked"`, as in `lrkeras.layers.LSTM`.
        block: the shape of a block of the sparse part; `(1, 16)` is what the fast int8 kernel
            reads.
        window: tokens of a training window.
        batch_size: windows of a batch.
        steps_per_epoch: batches of an epoch; an epoch may be less than a pass over the text. 0 is
            a pass over the text, from 50 to 1,000 batches.
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
        teacher: the model that the others are distilled from, or None. Models of its sizes start
            from its weights.
        teacher_weight: share of the teacher in the loss of a student.
        student_epochs: epochs of a student that starts from the teacher's weights, and
        scratch_epochs: of one that cannot.
        student_rate: peak learning rate of a student that starts from the teacher's weights.
        table_rank: rank of the word table of students, the width of that of `"small_dense"`.
        small_units: units of `"small_dense"`, one LSTM layer.
        cifg_units: units of `"cifg"`, and
        cifg_dim: the width of its word table and of its projected state.
        unknown_rate: share of the words that a model is fed in training which are hidden behind
            the unknown word; those to be predicted stay. Who types uses words that no training
            text has, and must not be taken for an author of articles by them.
        repeats: how many times a pass over the corpus `"keyboard"` has the lines of each of its
            sources.
        chat_rate: share of the lines of `"keyboard"`, but for articles, that are written as in
            short messages (`lrkeras.datasets.chat_text`).
        band_sizes: words of each band of the word table, frequent ones first, and
        band_ranks: the rank of each, or None for one with whole rows, as in
            `structures.FrequencyBands`; empty for a table without bands.
        precision: Keras's dtype policy for training; what is saved computes in float32.
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
    factor_compression: float = 16
    gate_layout: str = "per_gate"
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
    teacher: str | None = None
    teacher_weight: float = 0.5
    student_epochs: int = 0
    scratch_epochs: int = 0
    student_rate: float = 1e-3
    table_rank: int | None = None
    small_units: int = 0
    cifg_units: int = 670
    cifg_dim: int = 96
    unknown_rate: float = 0.0
    repeats: tuple[int, int, int] = (1, 1, 1)
    chat_rate: float = 0.0
    band_sizes: tuple[int, ...] = ()
    band_ranks: tuple[int | None, ...] = ()
    precision: str = "float32"
    max_train_tokens: int | None = None
    max_valid_tokens: int | None = None
    seed: int = 1

    def sized_for(self, tokens: int) -> WordPredictionConfig:
        """The config with the batches of a pass over so many tokens, where it says 0."""
        if self.steps_per_epoch:
            return self
        batches = tokens // (self.window * self.batch_size)
        fewest, most = _STEPS_OF_A_PASS
        return dataclasses.replace(self, steps_per_epoch=min(max(batches, fewest), most))

    @property
    def total_steps(self) -> int:
        """Batches of the whole run of a model that is no student."""
        return self.steps_per_epoch * self.epochs


PRESETS = {
    # Without co-matrix dropout: it cost perplexity here (384 units, 10x: 13.9 without, 14.4 at a
    # rate of 0.05, 15.4 at 0.1; dense 13.5) and in longer runs, with dropout and not
    # (docs/results/data/papers_runs.jsonl).
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
    ),
    # The way of "keyboard" in little, on text that comes with the package.
    "keyboard_tiny": WordPredictionConfig(
        num_words=1000,
        units=128,
        num_layers=2,
        embedding_dim=48,
        models=("dense", "doped_kronecker", "small_dense"),
        compression=8,
        factor_compression=8,
        gate_layout="stacked",
        steps_per_epoch=60,
        epochs=2,
        warmup_steps=20,
        anneal=(0.0, 0.6),
        teacher="dense",
        student_epochs=1,
        scratch_epochs=3,
        table_rank=32,
        small_units=64,
        unknown_rate=0.1,
        precision="mixed_bfloat16",
        max_valid_tokens=8000,
    ),
    # Any text in any language with blanks between words: `--data my_text.txt`.
    "text": WordPredictionConfig(
        corpus="text",
        num_words=10_000,
        models=("cifg",),
        cifg_units=384,
        cifg_dim=96,
        steps_per_epoch=0,
        epochs=8,
        learning_rate=3e-3,
        warmup_steps=50,
        dropout=0.2,
        unknown_rate=0.05,
        max_valid_tokens=20_000,
    ),
    # A phone keyboard: the sizes are such that every student is a file of 1.4 MB or less.
    "keyboard": WordPredictionConfig(
        corpus="keyboard",
        num_words=10_000,
        num_layers=2,
        units=650,
        embedding_dim=128,
        models=(
            "dense",
            "doped_kronecker",
            "small_dense",
            "hybrid",
            "low_rank",
            "pruned",
            "cifg",
        ),
        compression=20,
        factor_compression=15,
        gate_layout="stacked",
        window=35,
        batch_size=64,
        steps_per_epoch=500,
        epochs=10,
        learning_rate=3e-3,
        warmup_steps=100,
        dropout=0.1,
        anneal=(0.0, 0.6),
        teacher="dense",
        student_epochs=12,
        scratch_epochs=12,
        student_rate=2e-3,
        table_rank=80,
        small_units=290,
        unknown_rate=0.1,
        repeats=(2, 2, 1),
        precision="mixed_bfloat16",
    ),
    # The CIFG model of "keyboard" for who writes in chats: 20,000 words in bands, spellings of
    # chats among them, everyday sentences three times as often.
    # `tools/release/train_chat_words.py` starts it from the trained model of 10,000 words.
    "keyboard_chat": WordPredictionConfig(
        corpus="keyboard",
        num_words=20_000,
        models=("cifg",),
        window=35,
        batch_size=64,
        steps_per_epoch=300,
        epochs=24,
        learning_rate=2e-3,
        warmup_steps=200,
        dropout=0.1,
        unknown_rate=0.05,
        repeats=(1, 3, 1),
        chat_rate=0.3,
        band_sizes=(2000, 6000, 12_000),
        band_ranks=(None, 48, 24),
    ),
}
