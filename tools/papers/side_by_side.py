"""Rows of one size trained at the same time, in one JAX program.

A small recurrent network leaves a GPU idle: each of its steps over time is a few products of
microseconds, one after the other. Here these steps are taken by all rows together. The weights of a
row, its structures, noise, sparsity and gradients are its own, as `training.train` has them.
"""

from __future__ import annotations

import dataclasses
import math
import time

import jax
import jax.numpy as jnp
import keras
import numpy as np
from doping_schedule import DopingSchedule
from row_group import group_rows, stack, tables_of
from row_programs import RowPrograms
from side_by_side_backup import SideBySideBackup
from wide_layers import narrowed

from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.papers.language_models.model import dense_of, loss_model
from lrkeras.tasks.papers.language_models.token_streams import TokenStreams
from lrkeras.tasks.training.epoch_start import random_state
from lrkeras.tasks.training.perplexity_logger import perplexity_of

# What rows that are trained at the same time have in common.
SHARED = (
    "corpus",
    "num_words",
    "cell",
    "embedding_dim",
    "is_tied",
    "window",
    "batch_size",
    "epochs",
    "clip_norm",
    "is_loss_summed",
    "dropout",
    "is_dropout_locked",
    "recurrent_dropout",
    "activation_penalty",
    "slowness_penalty",
    "patience",
    "precision",
    "output_precision",
    "max_tokens",
)


def size_of(config: PaperConfig) -> tuple:
    """What rows must have in common to be trained at the same time."""
    return tuple(getattr(config, name) for name in SHARED)


def check(configs: list[PaperConfig]) -> None:
    """Sees whether rows can be trained at the same time.

    Raises:
        ValueError: they differ in more than their matrices, or are not LSTMs with tables of their
            own and plain dropout.
    """
    first = configs[0]
    for config in configs:
        changed = [n for n in SHARED if getattr(config, n) != getattr(first, n)]
        if changed or len(config.units) != len(first.units):
            raise ValueError(
                "Expected rows of one base and schedule to train side by side; received "
                f"{first.row} and {config.row}, which differ in {', '.join(changed) or 'layers'}. "
                "Train them in two runs."
            )
    refused = ("is_tied", "is_dropout_locked", "recurrent_dropout", "patience")
    found = [name for name in refused if getattr(first, name)]
    if first.cell != "lstm" or found:
        raise ValueError(
            f"Expected LSTMs with an output table of their own and plain dropout; {first.row} has "
            f"{', '.join(found) or f'cells {first.cell!r}'}. Train it with `lrkeras train`."
        )


class SideBySide:
    """The weights of some rows, and the programs that train and measure them.

    Args:
        configs: the rows; see `check`.
        num_words: the size of the vocabulary.
        models: a `loss_model` of each, with the weights it begins with.
    """

    def __init__(self, configs: list[PaperConfig], num_words: int, models: list[keras.Model]):
        check(configs)
        self.configs = configs
        self.models = models
        self.widths = tuple(max(widths) for widths in zip(*(c.units for c in configs), strict=True))
        with on_processor():
            self.wide = _wide_model(configs[0], self.widths, num_words)
        self._shape = (configs[0].batch_size, configs[0].window)
        self.groups = group_rows(configs, models, self.wide)
        self.order = [row for group in self.groups for row in group.rows]
        # Of all rows together: at every step they would be joined otherwise.
        self.tables = {
            name: stack([tables_of(models[row])[name] for row in self.order], variable.shape)
            for name, variable in tables_of(self.wide).items()
        }
        self.states = self._zeros(self._shape[0])
        self.programs = RowPrograms(self.groups, configs[0], self.widths)

    def _zeros(self, batch_size: int) -> list:
        return [
            tuple(jnp.zeros((len(self.configs), batch_size, width)) for _ in range(2))
            for width in self.widths
        ]

    def fetch(self) -> None:
        """Brings all weights to the processor."""
        self._set_weights(*jax.device_get(self._weights()))

    def write_back(self, row: int) -> keras.Model:
        """Gives the model of a row the weights that are trained, and returns it."""
        model = self.models[row]
        next(group for group in self.groups if row in group.rows).write_back(row, model)
        for name, variable in tables_of(model).items():
            values = np.asarray(self.tables[name][self.order.index(row)])
            variable.assign(narrowed(values, variable.shape))
        return model

    def fit(
        self,
        train: np.ndarray,
        valid: np.ndarray,
        first_id: int,
        *,
        deadline: float | None = None,
        backup: SideBySideBackup | None = None,
        report=print,
    ) -> list[dict]:
        """Trains all rows.

        Args:
            train: the ids of the text.
            valid: those of the validation text.
            first_id: the id before their first.
            deadline: no epoch begins that would not end before this `time.monotonic()`.
            backup: is saved after epochs; a training that it has goes on, to the same weights.
            report: is called with a line an epoch.

        Returns:
            The history of each row, columns by name as `training.train` has them; `seconds` are
            those of all rows together.
        """
        config = self.configs[0]
        texts = [jnp.asarray(text) for text in self._texts(train, first_id, covers_all=False)]
        steps = len(texts[0])
        schedules = [DopingSchedule(c, steps * config.epochs, m) for c, m in self._pairs]
        histories: list[dict] = [{} for _ in self.models]
        if backup is not None and (restored := backup.restore(self._weights())):
            weights, histories = restored
            self._set_weights(*weights)
        first, last = len(histories[0].get("epoch", [])), 0.0
        if first:
            report(f"goes on after epoch {first} of {config.epochs}")
        for epoch in range(first, config.epochs):
            if deadline is not None and time.monotonic() + last > deadline:
                break
            begun = time.perf_counter(), time.process_time()
            self._start_epoch(epoch)
            means = self._by_row(self._train_epoch(epoch, texts, schedules)) / steps
            val_means = self.nats(valid, first_id)
            seconds = time.perf_counter() - begun[0], time.process_time() - begun[1]
            last = seconds[0]
            self._log(histories, schedules, epoch, means, val_means, seconds)
            if backup is not None:
                backup.save(self._weights(), histories)
            low, high = (perplexity_of(f(val_means)) for f in (np.min, np.max))
            report(
                f"epoch {epoch + 1}/{config.epochs}: {seconds[0]:.1f} s, "
                f"validation perplexities {low:.2f} to {high:.2f}"
            )
        return histories

    def _train_epoch(self, epoch: int, texts: list, schedules: list[DopingSchedule]):
        """Takes the steps of an epoch; returns the sums of their mean losses."""
        steps, nats = len(texts[0]), jnp.zeros((len(self.models),))
        rates = jnp.asarray([self.configs[row].rate_of(epoch) for row in self.order])
        done = 0
        while done < steps:
            now = epoch * steps + done
            self._apply(schedules, now)
            following = min(schedule.following(now) for schedule in schedules)
            end = int(min(steps, following - epoch * steps))
            carry = (*self._weights(), self.states, nats)
            *weights, self.states, nats = self.programs.run(carry, texts, done, end, rates)
            self._set_weights(*weights)
            done = end
        self._apply(schedules, (epoch + 1) * steps)
        return nats

    def seconds_per_step(self, train: np.ndarray, first_id: int, steps: int) -> float:
        """The time of a step, from some that change nothing; all programs are compiled then."""
        texts = [jnp.asarray(text) for text in self._texts(train, first_id, covers_all=False)]
        still, times = jnp.zeros((len(self.models),)), []
        for count in (1, steps):
            copies = jax.tree.map(jnp.array, (*self._weights(), self.states))
            begun = time.perf_counter()
            carry = (*copies, jnp.zeros_like(still))
            jax.block_until_ready(self.programs.run(carry, texts, 0, count, still))
            times.append(time.perf_counter() - begun)
        return times[1] / steps

    def nats(
        self,
        ids: np.ndarray,
        first_id: int,
        *,
        batch_size: int | None = None,
        window: int | None = None,
        precise: bool = False,
    ) -> np.ndarray:
        """The mean loss of a token of a text, every token counted once, for each row.

        Args:
            ids: the text.
            first_id: the id before its first.
            batch_size: streams into which it is cut; those of the training if not given.
            window: tokens of a batch of each, likewise.
            precise: whether all products are in float32.
        """
        texts = self._texts(ids, first_id, covers_all=True, batch_size=batch_size, window=window)
        states = self._zeros(batch_size or self._shape[0])
        with jax.default_matmul_precision("highest" if precise else "default"):
            totals = self.programs.measure(*self._weights(), states, texts, precise=precise)
        return self._by_row(totals) / len(ids)

    @property
    def _pairs(self):
        return zip(self.configs, self.models, strict=True)

    def _texts(self, ids, first_id, *, covers_all, batch_size=None, window=None):
        batches = TokenStreams(
            ids,
            window=window or self._shape[1],
            batch_size=batch_size or self._shape[0],
            first_id=first_id,
            covers_all=covers_all,
        )
        flat = [keras.tree.flatten(batches[index]) for index in range(batches.num_batches)]
        columns = (0, 1, 3) if covers_all else (0, 1)  # targets come twice
        return [np.stack([batch[column] for batch in flat]) for column in columns]

    def _weights(self):
        return [g.trainable for g in self.groups], [g.rest for g in self.groups], self.tables

    def _set_weights(self, trainable, rest, tables) -> None:
        for group, values, others in zip(self.groups, trainable, rest, strict=True):
            group.trainable, group.rest = values, others
        self.tables = tables

    def _by_row(self, values) -> np.ndarray:
        """Values at the places of the stacked weights, in the order of the rows."""
        found = np.empty(len(self.models))
        found[self.order] = np.asarray(values, np.float64)
        return found

    def _start_epoch(self, epoch: int) -> None:
        """What `StateReset` and `EpochStart` do."""
        self.states = self._zeros(self._shape[0])
        for group in self.groups:
            drawn = [v for v in group.model.variables if v.path.endswith("seed_generator_state")]
            for place, variable in enumerate(drawn):
                states = [random_state(self.configs[r].seed, epoch, place) for r in group.rows]
                group.rest[group.places[id(variable)]] = jnp.asarray(
                    np.stack(states), variable.dtype
                )

    def _apply(self, schedules: list[DopingSchedule], step: int) -> None:
        """What `SparsityAnnealing` and `CoMatrixDropout` do after `step` steps."""
        for number, group in enumerate(self.groups):
            if not group.sparse:
                continue
            of_rows = [schedules[row] for row in group.rows]
            # All, not any: each has to move its counts.
            if any([schedule.anneal(step) for schedule in of_rows]):
                kept = jnp.asarray([schedule.kept for schedule in of_rows])
                group.trainable, group.rest = self.programs.prune(
                    group.trainable, group.rest, kept, number=number
                )
            rates = jnp.asarray([schedule.dropout(step) for schedule in of_rows], "float32")
            for doped in group.sums:
                # Copies: no buffer is given away twice.
                group.rest[group.places[id(doped.dropout_rate)]] = jnp.array(rates)

    def _log(self, histories, schedules, epoch, means, val_means, seconds) -> None:
        norms = [np.asarray(n) for n in self.programs.norms(*self._weights()[:2])]
        squares = {
            row: tuple(of_group[:, place])
            for group, of_group in zip(self.groups, norms, strict=True)
            for place, row in enumerate(group.rows)
        }
        doped = {row for group in self.groups if group.sums for row in group.rows}
        for row, (history, schedule) in enumerate(zip(histories, schedules, strict=True)):
            values = {
                "epoch": epoch,
                "learning_rate": self.configs[row].rate_of(epoch),
                "nats": float(means[row]),
                "val_nats": float(val_means[row]),
                "perplexity": perplexity_of(means[row]),
                "val_perplexity": perplexity_of(val_means[row]),
                "seconds": seconds[0],
                "processor_seconds": seconds[1],
            }
            if schedule.parts:
                values["sparsity"] = schedule.sparsity
            if row in doped:
                structured, sparse = (math.sqrt(float(square)) for square in squares[row])
                values |= {"structured_norm": structured, "sparse_norm": sparse}
                values["sparse_ratio"] = sparse / structured if structured else math.inf
            for name, value in values.items():
                history.setdefault(name, []).append(value)


def on_processor():
    """While it lasts, JAX computes on the processor: models are made by many little operations."""
    return jax.default_device(jax.devices("cpu")[0])


def build(config: PaperConfig, num_words: int) -> keras.Model:
    """The `loss_model` of a row with the weights that `training.train` begins with."""
    keras.utils.set_random_seed(config.seed)
    return loss_model(config, num_words, batch_size=config.batch_size, window=config.window)


def _wide_model(config: PaperConfig, units: tuple[int, ...], num_words: int) -> keras.Model:
    wide = dataclasses.replace(dense_of(config), units=units)
    return loss_model(wide, num_words, batch_size=config.batch_size, window=config.window)
