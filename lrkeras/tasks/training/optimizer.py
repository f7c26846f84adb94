"""The optimiser of the tasks."""

from __future__ import annotations

from typing import Protocol

import keras


class Settings(Protocol):
    """What the configs of the tasks have in common."""

    @property
    def warmup_steps(self) -> int:
        """Batches until the peak rate."""

    @property
    def weight_decay(self) -> float:
        """Decay of every weight."""

    @property
    def clip_norm(self) -> float:
        """The largest global norm of the gradient."""


def adamw(config: Settings, *, peak: float, steps: int, last: float) -> keras.optimizers.AdamW:
    """AdamW with a warm-up from a tenth of the peak rate, then a cosine.

    Args:
        config: `warmup_steps`, `weight_decay` and `clip_norm` of a run.
        peak: the highest rate.
        steps: batches of the training, the warm-up included.
        last: the rate at the end, as a share of the peak.
    """
    rate = keras.optimizers.schedules.CosineDecay(
        peak / 10,
        decay_steps=max(1, steps - config.warmup_steps),
        alpha=last,
        warmup_target=peak,
        warmup_steps=config.warmup_steps,
    )
    return adamw_at(rate, config)


def adamw_at(
    rate: float | keras.optimizers.schedules.LearningRateSchedule, config: Settings
) -> keras.optimizers.AdamW:
    """AdamW at a learning rate or schedule, with a config's decay and limit of the gradient."""
    return keras.optimizers.AdamW(
        rate, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm
    )
