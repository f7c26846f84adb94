"""The losses of words in JAX, as XLA computes them fast on processors and GPUs alike."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp


@functools.partial(jax.custom_vjp, nondiff_argnums=(4,))
def word_losses_in_jax(hidden, kernel, bias, words, dtype):
    """`word_losses`, whose products have sums in float32 whatever `dtype` is.

    On a processor XLA's products are slow where an operand lies transposed, and where the
    elementwise steps before them are fused into them: both are kept apart.
    """
    return _forward(hidden, kernel, bias, words, dtype)[0]


def _forward(hidden, kernel, bias, words, dtype):
    logits = _product(hidden.astype(dtype), kernel.astype(dtype)) + bias
    logits -= jnp.max(logits, axis=-1, keepdims=True)
    shares = jnp.exp(logits)
    total = jnp.sum(shares, axis=-1, keepdims=True)
    own = jnp.take_along_axis(logits, words[:, None], axis=-1)
    losses = jnp.squeeze(jnp.log(total) - own, -1)
    return losses, (hidden, kernel, shares, total, words)


def _backward(dtype, kept, scale):
    hidden, kernel, shares, total, words = kept
    scale = scale[:, None]
    is_own = jnp.arange(shares.shape[-1]) == words[:, None]
    z = shares * (scale / total) - jnp.where(is_own, scale, 0.0)
    low = jax.lax.optimization_barrier(z.astype(dtype))
    transposed = jax.lax.optimization_barrier(hidden.astype(dtype).T)
    to_hidden = jax.lax.dot_general(
        low, kernel.astype(dtype), (((1,), (1,)), ((), ())), preferred_element_type=jnp.float32
    )
    return to_hidden, _product(transposed, low), jnp.sum(low.astype(jnp.float32), axis=0), None


word_losses_in_jax.defvjp(_forward, _backward)


def _product(a, b):
    return jnp.matmul(a, b, preferred_element_type=jnp.float32)
