"""`from_torch`; `tools/test_torch.sh` runs it, in an environment with PyTorch."""

import keras
import pytest

from lrkeras import from_torch

if keras.backend.backend() != "torch":
    pytest.skip(
        "PyTorch has an environment of its own: tools/test_torch.sh", allow_module_level=True
    )
torch = pytest.importorskip("torch", reason='pip install "lrkeras[torch,onnx]"')
pytest.importorskip("onnxscript", reason='pip install "lrkeras[torch,onnx]"')


class Streaming(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(4, 6, batch_first=True)
        self.fc = torch.nn.Linear(6, 3)

    def forward(self, x, h, c):
        y, (h, c) = self.lstm(x, (h, c))
        return self.fc(y), h, c


def test_a_module_with_states_has_them_as_inputs_and_is_left_as_it_was():
    module = Streaming().train()
    states = torch.zeros(1, 1, 6)
    model = from_torch(module, {"x": torch.zeros(1, 5, 4), "h": states, "c": states.clone()})
    assert module.training and module.lstm.training
    assert [(t.name, t.shape) for t in model.inputs] == [
        ("x", (None, None, 4)),
        ("h", (None, 6)),
        ("c", (None, 6)),
    ]
    assert [type(layer).__name__ for layer in model.layers[3:]] == ["LSTM", "Dense"]
    assert model.get_layer("fc").units == 3


@pytest.mark.parametrize("kind", ["GRU", "RNN"])
def test_time_major_layers_become_batch_major(kind):
    module = getattr(torch.nn, kind)(4, 6, bidirectional=True)
    model = from_torch(module, torch.zeros(5, 2, 4))
    assert model.inputs[0].shape == (None, None, 4)
    assert model.outputs[0].shape == (None, None, 12)


class Branching(torch.nn.Module):
    def forward(self, x):
        return 2 * x if x.sum() > 0 else x


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (Branching(), "control flow"),
        (torch.nn.LSTM(4, 6, proj_size=3), r"projection_units=3"),
        (torch.nn.LSTM(4, 6).double(), r"module\.float\(\)"),
    ],
)
def test_refusals_are_one_line(module, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        from_torch(module, torch.zeros(5, 2, 4))
    assert "\n" not in str(caught.value)
