"""Models that Keras 2 saved as `.h5` or `.hdf5`, rebuilt in Keras 3 with the maths they had.

`load.py` is the file to read first. `legacy_file.py` reads the file, `model_config.py`,
`graph_nodes.py` and `layer_config.py` turn its JSON into that of Keras 3, `layer_weights.py` and
`cudnn_weights.py` put the arrays where they belong, `hard_sigmoid.py` is the old function.
"""

from lrkeras.legacy_h5.hard_sigmoid import hard_sigmoid
from lrkeras.legacy_h5.load import load_legacy_h5

__all__ = ["hard_sigmoid", "load_legacy_h5"]
