"""Magnitude pruning inside a JAX program."""

from __future__ import annotations

import jax.numpy as jnp

from lrkeras.structures import Sparse


def prune_in_jax(part: Sparse, values, mask, kept):
    """`Sparse.prune` of one row: the `kept` blocks of largest magnitude stay."""
    rows, columns = part.block or (1, 1)
    inputs, outputs = part.mask.shape
    whole = jnp.zeros((inputs * columns, values.shape[1]), values.dtype)
    whole = whole.at[: values.shape[0]].set(values)
    energy = jnp.square(whole).reshape(inputs, columns, outputs, rows).sum(axis=(1, 3))
    order = jnp.argsort(jnp.where(mask, -energy, 1.0), axis=None, stable=True)
    fresh = jnp.zeros(energy.size, bool).at[order].set(jnp.arange(energy.size) < kept)
    fresh = fresh.reshape(inputs, outputs)
    return values * part.expanded(fresh), fresh
