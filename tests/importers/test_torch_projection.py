"""`nn.LSTM(proj_size=...)`, which torch.onnx refuses, compared with PyTorch."""

import keras
import numpy as np
import pytest

import lrkeras
from lrkeras.export import StepRunner

torch = pytest.importorskip("torch", reason='pip install "lrkeras[torch]"')
pytest.importorskip("onnxscript", reason='pip install "lrkeras[torch]"')
nn = torch.nn


class Words(nn.Module):
    """An LSTM with projections inside other modules, its states given and returned."""

    def __init__(self):
        super().__init__()
        self.emb, self.fc = nn.Embedding(20, 5), nn.Linear(3, 4)
        self.inner = nn.ModuleDict({"lstm": nn.LSTM(5, 6, 2, proj_size=3, batch_first=True)})
        self.rnn = nn.RNN(4, 5, nonlinearity="relu", batch_first=True)

    def forward(self, ids, h, c):
        y, (h, c) = self.inner["lstm"](self.emb(ids), (h, c))
        return self.rnn(torch.tanh(self.fc(y)))[0], h, c


def randomised(module):
    torch.manual_seed(0)
    for p in module.parameters():
        nn.init.uniform_(p, -1, 1)
    return module


@pytest.mark.parametrize(
    ("layers", "bidirectional", "batch_first", "has_states"),
    [(1, False, True, True), (2, True, False, True), (2, True, True, False)],
)
def test_layers_directions_and_states(layers, bidirectional, batch_first, has_states):
    options = {"bidirectional": bidirectional, "batch_first": batch_first, "bias": layers == 2}
    module = randomised(nn.LSTM(4, 6, layers, proj_size=3, **options))
    count = layers * (1 + bidirectional)
    rng = np.random.default_rng(0)
    x, h, c = (
        torch.as_tensor(rng.normal(size=s).astype("float32"))
        for s in ((3, 7, 4), (count, 3, 3), (count, 3, 6))
    )
    states = ((h, c),) if has_states else ()
    given = x if batch_first else x.transpose(0, 1)
    model = lrkeras.from_torch(module, (given, *states))
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Bidirectional" if bidirectional else "LSTM") == layers
    fed = [x.numpy(), *(s.numpy() for state in (h, c) for s in state)][: len(model.inputs)]
    assert len(fed) == 1 + 2 * count * has_states
    with torch.no_grad():
        y, (new_h, new_c) = module(given, *states)
    y = y if batch_first else y.transpose(0, 1)
    results = keras.tree.flatten(model(fed if has_states else fed[0]))
    for a, e in zip(results, [y, *new_h, *new_c], strict=True):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(a), e.numpy(), atol=2e-6)


def test_inside_other_modules_and_as_a_step_file(tmp_path):
    module = randomised(Words())
    state = lambda width: torch.zeros(2, 1, width)  # noqa: E731
    example = (torch.zeros(1, 5, dtype=torch.int64), state(3), state(6))
    model = lrkeras.from_torch(module, example)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert [k for k in kinds if k != "InputLayer"] == [
        *("Embedding", "LSTM", "LSTM", "Dense", "Activation", "SimpleRNN")
    ]
    assert model.get_layer("inner_lstm").cell.projection_units == 3
    report = lrkeras.convert(model, tmp_path / "step.tflite", form="step")
    widths = {"h_0": (1, 3), "h_1": (1, 3), "c_0": (1, 6), "c_1": (1, 6)}
    assert widths.items() <= report.states.items()
    runner = StepRunner(tmp_path / "step.tflite")
    ids = np.random.default_rng(0).integers(0, 20, (9, 1))
    with torch.no_grad():
        expected, h, _ = (t.numpy() for t in module(torch.as_tensor(ids.T), *example[1:]))
    for word, y in zip(ids, expected[0], strict=True):
        np.testing.assert_allclose(
            np.squeeze(runner.step(word[None].astype("int32"))), y, atol=1e-5
        )
    np.testing.assert_allclose(runner.states["h_1"], h[1], atol=1e-5)
