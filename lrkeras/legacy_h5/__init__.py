"""Models that Keras 2 saved, rebuilt in Keras 3 with the maths they had.

`load.py` is the file to read first. `legacy_file.py` reads an HDF5 file; `build_model.py`,
`functional_graph.py` and `layer_config.py` make the layers of Keras 3 and call them as they were
called, `tensorflow_functions.py` the functions of TensorFlow between them; `layer_weights.py` and
`cudnn_weights.py` put the arrays where they belong; `code_in_files.py` refuses Python code;
`hard_sigmoid.py` is the old function.
"""

from lrkeras.legacy_h5.hard_sigmoid import hard_sigmoid
from lrkeras.legacy_h5.load import load_legacy_h5

__all__ = ["hard_sigmoid", "load_legacy_h5"]
