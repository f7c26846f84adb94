"""What one row of the papers' tables is made of."""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.matrix_config import MatrixConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaperConfig(MatrixConfig):
    """Every number of a run: beside its matrices, the language model and how it is trained.

    Attributes:
        row: the name of the run; see `lrkeras.tasks.papers.language_models.rows`.
        base: the dense run with the same sizes and schedule.
        corpus: `"ptb"` or `"ptb_characters"`, read from a folder, or `"dialogues"`, which comes
            with the package.
        num_words: the size of the vocabulary; all characters are in theirs.
        cell: `"lstm"` or `"rhn"`.
        units: units of every recurrent layer, from the input on.
        depth: micro-steps of a recurrent highway layer.
        embedding_dim: width of the word table.
        is_tied: whether the word table is the output table too.
        window: tokens between two updates; the states are carried over to the next window.
        batch_size: places of the text that are read at the same time.
        epochs: passes over the text.
        learning_rate: of plain stochastic gradient descent.
        decay: what the rate is multiplied by after every epoch beyond the first `constant_epochs`.
        constant_epochs: epochs at the full rate.
        clip_norm: the largest global norm of the gradient.
        is_loss_summed: whether rate and clip norm are for the gradient of the loss summed over
            the window, as in the older recipes, rather than of the mean over its tokens.
        init_scale: weights start uniform in plus and minus this; None for Keras's defaults.
        dropout: rates on the embedded words, between recurrent layers, before the output.
        is_dropout_locked: whether a dropout mask stays the same over a window.
        recurrent_dropout: the rate at which single recurrent weights are dropped (DropConnect), or
            the state of a highway layer.
        activation_penalty: weight of the mean square of the outputs (AR).
        slowness_penalty: weight of the mean square of their change from word to word (TAR).
        patience: epochs without a better validation perplexity until weights are averaged
            (NT-ASGD); None never averages.
        co_matrix_dropout_until: the sparsity from which on there is no co-matrix dropout, if that
            is not the target.
        is_started: whether it starts from the trained weights of the dense run.
        teacher_weight: the share of the distance to the words of the trained dense run in the loss.
        is_reordered: whether hidden units change places before that, for better blocks.
        precision: dtype policy of the recurrent layers in training.
        output_precision: dtype of the output layer's products in training.
        max_tokens: cuts each part of the text; None uses all.
        seed: of the weights and the dropout.
    """

    row: str = "ptb_small"
    base: str = "ptb_small"
    corpus: str = "ptb"
    num_words: int = 10_000
    cell: str = "lstm"
    units: tuple[int, ...] = (200, 200)
    depth: int = 1
    embedding_dim: int = 200
    is_tied: bool = False
    window: int = 20
    batch_size: int = 20
    epochs: int = 13
    learning_rate: float = 1.0
    decay: float = 0.5
    constant_epochs: int = 4
    clip_norm: float = 5.0
    is_loss_summed: bool = True
    init_scale: float | None = 0.1
    dropout: tuple[float, float, float] = (0.0, 0.0, 0.0)
    is_dropout_locked: bool = False
    recurrent_dropout: float = 0.0
    activation_penalty: float = 0.0
    slowness_penalty: float = 0.0
    patience: int | None = None
    co_matrix_dropout_until: float | None = None
    is_started: bool = False
    is_reordered: bool = False
    teacher_weight: float = 0.0
    precision: str = "float32"
    output_precision: str = "bfloat16"
    max_tokens: int | None = None
    seed: int = 1

    @property
    def needs_dense(self) -> bool:
        """Whether the dense run has to be trained before."""
        return self.is_started or self.teacher_weight > 0

    @property
    def is_pruned_at_once(self) -> bool:
        """Whether a sparse part is at its target from the start."""
        return self.where in ("input", "recurrent") and self.cell != "rhn"

    def rate_of(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0, for the mean loss over tokens."""
        scale = self.window if self.is_loss_summed else 1
        steps = max(epoch + 1 - self.constant_epochs, 0)
        return float(self.learning_rate * self.decay**steps * scale)

    @property
    def mean_clip_norm(self) -> float:
        """The clip norm for the mean loss over tokens."""
        return self.clip_norm / (self.window if self.is_loss_summed else 1)


# Zaremba et al. 2014 (arXiv 1409.2329) as the TensorFlow tutorial has them.
_SMALL = PaperConfig()
_MEDIUM = dataclasses.replace(
    _SMALL,
    row="ptb_medium",
    base="ptb_medium",
    units=(650, 650),
    embedding_dim=650,
    window=35,
    epochs=39,
    decay=0.8,
    constant_epochs=6,
    init_scale=0.05,
    dropout=(0.5, 0.5, 0.5),
    precision="mixed_bfloat16",
)
_LARGE = dataclasses.replace(
    _MEDIUM,
    row="ptb_large",
    base="ptb_large",
    units=(1500, 1500),
    embedding_dim=1500,
    epochs=55,
    decay=1 / 1.15,
    constant_epochs=14,
    clip_norm=10.0,
    init_scale=0.04,
    dropout=(0.65, 0.65, 0.65),
)
# Merity et al. 2018 (arXiv 1708.02182) with windows of one length and without word dropout.
_AWD = dataclasses.replace(
    _SMALL,
    row="ptb_awd",
    base="ptb_awd",
    units=(1150, 1150, 400),
    embedding_dim=400,
    is_tied=True,
    window=70,
    epochs=500,
    learning_rate=30.0,
    decay=1.0,
    constant_epochs=500,
    clip_norm=0.25,
    is_loss_summed=False,
    init_scale=None,
    dropout=(0.4, 0.25, 0.4),
    is_dropout_locked=True,
    recurrent_dropout=0.5,
    activation_penalty=2.0,
    slowness_penalty=1.0,
    patience=5,
    precision="mixed_bfloat16",
)
# Zilly et al. 2017 (arXiv 1607.03474); the small one is scaled to a processor.
_RHN = dataclasses.replace(
    _SMALL,
    row="ptb_rhn",
    base="ptb_rhn",
    cell="rhn",
    units=(830,),
    depth=10,
    embedding_dim=830,
    is_tied=True,
    window=35,
    epochs=500,
    learning_rate=0.2,
    decay=1 / 1.02,
    constant_epochs=20,
    clip_norm=10.0,
    init_scale=0.04,
    dropout=(0.75, 0.0, 0.75),
    is_dropout_locked=True,
    recurrent_dropout=0.25,
    where="recurrent",
)
_RHN_SMALL = dataclasses.replace(
    _RHN,
    row="ptb_rhn_small",
    base="ptb_rhn_small",
    units=(200,),
    embedding_dim=200,
    window=20,
    epochs=20,
    decay=0.7,
    constant_epochs=10,
    init_scale=0.07,
    dropout=(0.2, 0.0, 0.2),
    recurrent_dropout=0.0,
)
# A step over characters is nearly all of the recurrent layer: sweeps are a matter of minutes.
_CHARACTERS = dataclasses.replace(
    _SMALL,
    row="ptb_characters",
    base="ptb_characters",
    corpus="ptb_characters",
    units=(256,),
    embedding_dim=64,
    window=64,
    batch_size=16,
    epochs=4,
    learning_rate=0.5,
    constant_epochs=2,
    max_tokens=1_200_000,
    output_precision="float32",
)
# Seconds, on the text that comes with the package.
_TINY = dataclasses.replace(
    _SMALL,
    row="tiny",
    base="tiny",
    corpus="dialogues",
    num_words=500,
    units=(48, 48),
    embedding_dim=48,
    epochs=3,
    constant_epochs=2,
    max_tokens=30_000,
)
BASES = {c.base: c for c in (_SMALL, _MEDIUM, _LARGE, _AWD, _RHN, _RHN_SMALL, _CHARACTERS, _TINY)}
