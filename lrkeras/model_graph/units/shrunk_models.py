"""Which models are what is left of larger ones."""

import weakref

import keras

_SHRUNK: weakref.WeakSet = weakref.WeakSet()


def mark_shrunk(model: keras.Model) -> None:
    """Remembers that a model is what is left of a larger one."""
    _SHRUNK.add(model)


def is_shrunk(model: keras.Model) -> bool:
    """Whether a model was made by `shrink`, in this process."""
    return model in _SHRUNK
