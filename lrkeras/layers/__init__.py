"""Keras layers whose weight matrices may be structures."""

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
    "Dense",
    "Embedding",
    "GRUCell",
    "LSTMCell",
    "MelSpectrogram",
    "RHNCell",
    "SimpleRNN",
    "SimpleRNNCell",
]
