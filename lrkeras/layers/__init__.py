"""Keras layers and cells whose weight matrices may be structures.

`lstm.py` is the file to read first, then `structured_cell.py`: a cell owns matrices and the maths
of one step, and what all cells share is there (which structures were asked for: `cell_specs.py`).
`structured_rnn.py` is the loop over time that all recurrent layers share, `structured_layer.py`
what `dense.py` and `embedding.py` share, `matrix_regularizer.py` gives a structured matrix its
penalty. `cifg_cell.py` is a baseline without structures, `mel_spectrogram.py` a front end for
speech whose steps can be converted.
"""

from lrkeras.layers.cifg_cell import CIFGCell
from lrkeras.layers.dense import Dense
from lrkeras.layers.embedding import Embedding
from lrkeras.layers.gru import GRU
from lrkeras.layers.gru_cell import GRUCell
from lrkeras.layers.lstm import LSTM
from lrkeras.layers.lstm_cell import LSTMCell
from lrkeras.layers.mel_spectrogram import MelSpectrogram
from lrkeras.layers.rhn import RHN
from lrkeras.layers.rhn_cell import RHNCell
from lrkeras.layers.simple_rnn import SimpleRNN
from lrkeras.layers.simple_rnn_cell import SimpleRNNCell

__all__ = [
    "GRU",
    "LSTM",
    "RHN",
    "CIFGCell",
    "Dense",
    "Embedding",
    "GRUCell",
    "LSTMCell",
    "MelSpectrogram",
    "RHNCell",
    "SimpleRNN",
    "SimpleRNNCell",
]
