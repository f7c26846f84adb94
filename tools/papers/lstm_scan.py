"""The steps over time of an LSTM in JAX, with the gradient of its matrix taken after them."""

from __future__ import annotations

import jax
import jax.numpy as jnp

# A GPU waits between the turns of a loop.
_UNROLLED = (5, 1)


@jax.custom_vjp
def lstm_scan(projected, recurrent, h, c):
    """Runs an LSTM without a bias of its own over inputs that are projected already.

    The gates are i, f, c, o as in Keras. Autodiff would add to the gradient of `recurrent` at every
    step; here it is one product over all steps. Its products are in the dtype of `recurrent`, all
    else is in float32.

    Args:
        projected: `x W + b`, float32 of shape `(steps, batch, 4 * units)`.
        recurrent: `U`, of shape `(units, 4 * units)`.
        h: states at first, `(batch, units)`.
        c: likewise.

    Returns:
        `(outputs, h, c)`: outputs of shape `(steps, batch, units)`, and the last states, through
        which no gradient flows.
    """
    return _forward(projected, recurrent, h, c)[0]


def _forward(projected, recurrent, h, c):
    def step(states, at):
        h, c = states
        z = at + _product(h, recurrent)
        i, f, g, o = _activated(z)
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), (h, c, z)

    last, (hs, cs, zs) = jax.lax.scan(step, (h, c), projected, unroll=_unroll(projected))
    return (hs, *last), (recurrent, h, c, hs, cs, zs)


def _backward(kept, upstream):
    recurrent, h, c, hs, cs, zs = kept
    back = recurrent.T

    def step(rest, at):
        dh, dc = rest
        upstream_h, z, c, c_before = at
        i, f, g, o = _activated(z)
        t = jnp.tanh(c)
        dh = dh + upstream_h
        dc = dc + dh * o * (1 - t * t)
        dz = jnp.concatenate(
            [
                dc * g * i * (1 - i),
                dc * c_before * f * (1 - f),
                dc * i * (1 - g * g),
                dh * t * o * (1 - o),
            ],
            axis=-1,
        )
        return (_product(dz, back), dc * f), dz

    before = [jnp.concatenate([first[None], every[:-1]]) for first, every in ((h, hs), (c, cs))]
    none = (jnp.zeros_like(h), jnp.zeros_like(c))
    inputs = (upstream[0], zs, cs, before[1])
    first, dz = jax.lax.scan(step, none, inputs, reverse=True, unroll=_unroll(zs))
    low = recurrent.dtype
    gradient = jnp.einsum(
        "tbu,tbz->uz",
        before[0].astype(low),
        dz.astype(low),
        preferred_element_type=jnp.float32,
    )
    return dz, gradient.astype(low), *first


lstm_scan.defvjp(_forward, _backward)


def _product(x, matrix):
    return jnp.matmul(x.astype(matrix.dtype), matrix, preferred_element_type=jnp.float32)


def _activated(z):
    i, f, g, o = jnp.split(z, 4, axis=-1)
    return jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)


def _unroll(steps):
    return next(n for n in _UNROLLED if len(steps) % n == 0)
