"""Writes the ONNX files of tests/importers/data, as PyTorch exports them.

    .venv-torch/bin/python tools/release/torch_onnx_files.py tests/importers/data

Needs torch and onnxscript (`pip install "lrkeras[torch,onnx]"`).
"""

import pathlib
import sys

import torch
from torch import nn
from torch.export import Dim


class BidirectionalGRU(nn.Module):
    """Two layers in both directions, and a score for each step."""

    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(5, 6, 2, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(12, 3)

    def forward(self, x):
        """(N, T, 5) to (N, T, 3)."""
        return self.fc(self.gru(x)[0])


class StreamingLSTM(nn.Module):
    """Two layers whose states go in and out."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 6, 2, batch_first=True)
        self.fc = nn.Linear(6, 3)

    def forward(self, x, h, c):
        """(N, T, 4) and states (2, N, 6) to (N, T, 3) and the new states."""
        y, (h, c) = self.lstm(x, (h, c))
        return self.fc(y), h, c


class WordsLSTM(nn.Module):
    """Scores of the next word, time first."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(20, 5)
        self.lstm = nn.LSTM(5, 6)
        self.fc = nn.Linear(6, 20)

    def forward(self, ids):
        """(T, N) to (T, N, 20)."""
        return self.fc(self.lstm(self.emb(ids))[0])


class ConvLSTM(nn.Module):
    """Convolution, normalization and the last step of an LSTM."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 3, padding=1)
        self.bn = nn.BatchNorm1d(8)
        self.lstm = nn.LSTM(8, 6, batch_first=True)
        self.fc = nn.Linear(6, 2)

    def forward(self, x):
        """(N, 4, T) to (N, 2)."""
        hidden = torch.relu(self.bn(self.conv(x))).transpose(1, 2)
        return self.fc(self.lstm(hidden)[0][:, -1])


def main(folder: pathlib.Path) -> None:
    """Writes the files."""
    batch, time = Dim("batch"), Dim("time")
    states = torch.zeros(2, 2, 6)
    sequence = {0: batch, 1: time}
    cases = {
        "bidirectional_gru": (BidirectionalGRU(), {"x": torch.zeros(2, 7, 5)}, [sequence]),
        "streaming_lstm": (
            StreamingLSTM(),
            {"x": torch.zeros(2, 7, 4), "h": states, "c": states.clone()},
            [sequence, {1: batch}, {1: batch}],
        ),
        "words_lstm": (
            WordsLSTM(),
            {"ids": torch.zeros(7, 2, dtype=torch.int64)},
            [{0: time, 1: batch}],
        ),
        "conv_lstm": (ConvLSTM(), {"x": torch.zeros(2, 4, 7)}, [{0: batch, 2: time}]),
    }
    torch.manual_seed(0)
    for name, (module, inputs, shapes) in cases.items():
        for parameter in module.parameters():
            nn.init.uniform_(parameter, -0.5, 0.5)
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            folder / f"{name}.onnx",
            dynamo=True,
            dynamic_shapes=tuple(shapes),
            input_names=list(inputs),
            external_data=False,
        )


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
