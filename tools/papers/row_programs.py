"""The JAX programs of rows that are trained at the same time."""

from __future__ import annotations

import functools
import itertools

import jax
import jax.numpy as jnp
import keras
import numpy as np
from lstm_scan import lstm_scan
from prune_in_jax import prune_in_jax
from row_group import RowGroup

from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.papers.language_models.model import recurrent_layers_of
from lrkeras.tasks.papers.language_models.word_losses import word_losses


class RowPrograms:
    """What is computed for all rows at once.

    Each program takes the weights as `(trainable, rest)`, lists of those of each group, and
    `tables`, those of all rows.

    Args:
        groups: the rows; of their weights nothing is used.
        config: what all rows have in common.
        widths: units of the layers.

    Attributes:
        run: takes training steps; the weights that it is given are gone afterwards.
        measure: the losses of a text.
        prune: masks blocks of one group; the weights that it is given are gone afterwards.
        norms: the squared norms of the parts of doped matrices.
    """

    def __init__(
        self, groups: list[RowGroup], config: PaperConfig, widths: tuple[int, ...]
    ) -> None:
        self.groups = groups
        self.config = config
        self.widths = widths
        self.num_rows = sum(len(group.rows) for group in groups)
        self.run = jax.jit(self._run_steps, donate_argnums=(0,))
        self.measure = jax.jit(self._losses_of, static_argnames=("precise",))
        self.prune = jax.jit(self._pruned, static_argnames=("number",), donate_argnums=(0, 1))
        self.norms = jax.jit(self._norms_of)

    def _unpacked(self, group: RowGroup, trainable, rest, training: bool) -> tuple[dict, list]:
        """The matrices and the noise of one row, and its variables after they were drawn."""
        model = group.model
        with group.scope(trainable, rest) as scope:
            layers = []
            for rnn in recurrent_layers_of(model):
                with rnn.cell.materialised(training):
                    matrices = (rnn.cell.kernel, rnn.cell.recurrent_kernel, rnn.cell.bias)
                    layers.append(tuple(keras.ops.convert_to_tensor(m) for m in matrices))
            noise = self._noise(model) if training else []
            after = [scope.get_current_value(v) for v in model.non_trainable_variables]
        return {"layers": layers, "noise": noise}, after

    def _noise(self, model: keras.Model) -> list:
        """What words, states and outputs are multiplied with; None where nothing drops out."""
        shape = (self.config.batch_size, self.config.window)
        names = ["words_dropout", *(f"dropout_{number}" for number in range(len(self.widths)))]
        widths = [self.config.embedding_dim, *self.widths]
        masks = []
        for name, width in zip(names, widths, strict=True):
            layer = model.get_layer(name)
            if isinstance(layer, keras.layers.Dropout):
                ones = jnp.ones((*shape, width))
                masks.append(keras.random.dropout(ones, layer.rate, seed=layer.seed_generator))
            else:
                masks.append(None)
        return masks

    def _row_losses(self, weights, tables, states, tokens, targets, dtypes):
        """Losses of one row, `(batch, window)`, and its states after them."""
        low, out = dtypes  # of the products of the layers, and of the output
        noise = weights["noise"] or [None] * (len(self.widths) + 1)
        hidden = _noisy(jnp.swapaxes(tables["table"][tokens], 0, 1), noise[0])
        after = []
        for (kernel, recurrent, bias), before, mask in zip(
            weights["layers"], states, noise[1:], strict=True
        ):
            projected = jnp.matmul(
                hidden.astype(low), kernel.astype(low), preferred_element_type=jnp.float32
            )
            hidden, *last = lstm_scan(projected + bias, recurrent.astype(low), *before)
            after.append(tuple(last))
            hidden = _noisy(hidden, mask)
        rows = hidden.reshape(-1, hidden.shape[-1])
        words = jnp.swapaxes(targets, 0, 1).reshape(-1)
        losses = word_losses(rows, tables["kernel"], tables["bias"], words, out)
        return jnp.swapaxes(losses.reshape(targets.shape[::-1]), 0, 1), after

    def _all_losses(self, trainable, rest, tables, states, batch, training, dtypes):
        unpacked = [
            jax.vmap(functools.partial(self._unpacked, group, training=training))(a, b)
            for group, a, b in zip(self.groups, trainable, rest, strict=True)
        ]
        weights = jax.tree.map(lambda *parts: jnp.concatenate(parts), *(w for w, _ in unpacked))
        tokens, targets = batch
        losses, states = _map_rows(
            lambda *of_row: self._row_losses(*of_row, tokens, targets, dtypes),
            weights,
            tables,
            states,
        )
        return losses, states, [after for _, after in unpacked]

    def _dtypes(self, precise: bool) -> tuple[str, str]:
        config = self.config
        if precise:
            return "float32", "float32"
        low = config.precision.removeprefix("mixed_")
        return low, config.output_precision

    def _run_steps(self, carry, texts, begin, end, rates):
        """Takes the steps of an epoch from `begin` to before `end`; adds up the mean losses."""
        clip = self.config.mean_clip_norm
        places = np.cumsum([0, *(len(group.rows) for group in self.groups)])

        def total(weights, rest, states, batch):
            trainable, tables = weights
            losses, states, rest = self._all_losses(
                trainable, rest, tables, states, batch, True, self._dtypes(False)
            )
            means = jnp.mean(losses, axis=(1, 2))
            return jnp.sum(means), (means, states, rest)  # rows are independent of each other

        def step(index, carry):
            trainable, rest, tables, states, nats = carry
            batch = [text[index] for text in texts]
            gradients, (means, states, rest) = jax.grad(total, has_aux=True)(
                (trainable, tables), rest, states, batch
            )
            squares = [
                sum((_squares(g) for g in group), start=jnp.zeros(())) for group in gradients[0]
            ]
            norms = jnp.concatenate(squares) + sum(_squares(g) for g in gradients[1].values())
            scale = rates * jnp.minimum(1.0, clip / jnp.sqrt(norms))
            trainable = [
                [v - _along(scale[begin:end], g) * g for v, g in zip(vs, gs, strict=True)]
                for vs, gs, (begin, end) in zip(
                    trainable, gradients[0], itertools.pairwise(places), strict=True
                )
            ]
            tables = {n: v - _along(scale, v) * gradients[1][n] for n, v in tables.items()}
            return trainable, rest, tables, states, nats + means

        return jax.lax.fori_loop(begin, end, step, carry)

    def _losses_of(self, trainable, rest, tables, states, texts, precise=False):
        """The weighted sum of the losses of a text, for each row."""

        def step(carry, at):
            states, total = carry
            *batch, counted = at
            losses, states, _ = self._all_losses(
                trainable, rest, tables, states, batch, False, self._dtypes(precise)
            )
            return (states, total + jnp.sum(losses * counted, axis=(1, 2))), None

        zero = jnp.zeros((self.num_rows,))
        return jax.lax.scan(step, (states, zero), texts)[0][1]

    def _pruned(self, trainable, rest, kept, number):
        group = self.groups[number]
        for place, (part, values_at, mask_at) in enumerate(group.sparse):
            prune = jax.vmap(functools.partial(prune_in_jax, part))
            trainable[values_at], rest[mask_at] = prune(
                trainable[values_at], rest[mask_at], kept[:, place]
            )
        return trainable, rest

    def _norms_of(self, trainable, rest):
        """Squares of the norms of the structured and the sparse parts of doped matrices."""

        def of_row(group, trainable, rest):
            squares = {True: jnp.zeros(()), False: jnp.zeros(())}
            with group.scope(trainable, rest):
                for doped in group.sums:
                    for part in doped.parts:
                        squares[part.is_sparse] += jnp.sum(jnp.square(part.to_dense()))
            return squares[False], squares[True]

        return [
            jax.vmap(functools.partial(of_row, group))(a, b)
            for group, a, b in zip(self.groups, trainable, rest, strict=True)
        ]


def _map_rows(function, *stacked):
    """`jax.vmap`, but a single row gets products without an axis of rows: they are faster."""
    if all(values.shape[0] == 1 for values in jax.tree.leaves(stacked)):
        alone = jax.tree.map(lambda values: values[0], stacked)
        return jax.tree.map(lambda values: values[None], function(*alone))
    return jax.vmap(function)(*stacked)


def _noisy(values, mask):
    """`values` of shape `(steps, batch, width)` with a mask `(batch, steps, width)`, if any."""
    return values if mask is None else values * jnp.swapaxes(mask, 0, 1)


def _squares(stacked):
    return jnp.sum(jnp.square(stacked), axis=tuple(range(1, stacked.ndim)))


def _along(scale, stacked):
    return scale.reshape(-1, *(1,) * (stacked.ndim - 1))
