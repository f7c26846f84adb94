"""Models that Keras 2 saved as `.h5` or `.hdf5`, rebuilt in Keras 3 with the maths they had."""

from lrkeras.legacy_h5.hard_sigmoid import hard_sigmoid
from lrkeras.legacy_h5.load import load_legacy_h5

__all__ = ["hard_sigmoid", "load_legacy_h5"]
