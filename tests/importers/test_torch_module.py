"""PyTorch modules, each compared with the module while it is imported, and here once more."""

import keras
import numpy as np
import pytest

import lrkeras

torch = pytest.importorskip("torch", reason='pip install "lrkeras[torch]"')
pytest.importorskip("onnxscript", reason='pip install "lrkeras[torch]"')
nn = torch.nn
pad_packed_sequence = nn.utils.rnn.pad_packed_sequence


class Scores(nn.Module):
    """Scores of the next word, the batch first."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(20, 5)
        self.gru = nn.GRU(5, 6, 2, bidirectional=True, batch_first=True, dropout=0.5)
        self.norm = nn.LayerNorm(12)
        self.fc = nn.Linear(12, 3)

    def forward(self, ids):
        return self.fc(self.norm(self.gru(self.emb(ids))[0]))


class Streaming(nn.Module):
    """Time first; h and c go in and out."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 6)
        self.fc = nn.Linear(6, 3)

    def forward(self, x, h, c):
        y, (h, c) = self.lstm(x, (h, c))
        return self.fc(y), h, c


class Frames(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv1d(4, 8, 3, padding=1), nn.BatchNorm1d(8)
        self.rnn = nn.RNN(8, 6, batch_first=True)

    def forward(self, x):
        return self.rnn(self.bn(self.conv(x)).transpose(1, 2))[0][:, -1]


class Branch(nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x


def kinds(model):
    names = [type(operation).__name__ for operation in model.operations]
    return [name for name in names if name != "InputLayer"]


def test_layers_of_a_module_in_training_mode():
    module = Scores().train()
    model = lrkeras.from_torch(module, torch.zeros(1, 5, dtype=torch.int64))
    assert module.training and module.gru.training
    assert kinds(model) == [
        *("Embedding", "Bidirectional", "Bidirectional", "LayerNormalization", "Dense")
    ]
    assert model.inputs[0].shape == (None, None) and model.inputs[0].name == "ids"
    ids = np.random.default_rng(0).integers(0, 20, (3, 11))
    with torch.no_grad():
        expected = module.eval()(torch.as_tensor(ids)).numpy()
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(ids.astype("int32"))), expected, atol=1e-5
    )


@pytest.mark.parametrize("as_dict", [False, True])
def test_states_that_go_in_and_out(as_dict):
    module, state = Streaming(), torch.zeros(1, 2, 6)
    example = (torch.zeros(5, 2, 4), state, state)
    given = dict(zip("xhc", example, strict=True)) if as_dict else example
    model = lrkeras.from_torch(module, given)
    assert kinds(model) == ["LSTM", "Dense"]
    assert [(t.name, t.shape) for t in model.inputs] == [
        *(("x", (None, None, 4)), ("h", (None, 6)), ("c", (None, 6)))
    ]
    rng = np.random.default_rng(0)
    x, h, c = (rng.normal(size=s).astype("float32") for s in ((7, 3, 4), (1, 3, 6), (1, 3, 6)))
    with torch.no_grad():
        y, *states = (t.numpy() for t in module(*map(torch.as_tensor, (x, h, c))))
    actual = map(keras.ops.convert_to_numpy, model([x.swapaxes(0, 1), h[0], c[0]]))
    for a, e in zip(actual, [y.swapaxes(0, 1), states[0][0], states[1][0]], strict=True):
        np.testing.assert_allclose(a, e, atol=1e-5)


def test_convolution_normalization_and_the_last_step():
    model = lrkeras.from_torch(Frames(), torch.zeros(2, 4, 7))
    assert kinds(model)[-1] == "SimpleRNN" and model.inputs[0].shape == (None, None, 4)
    assert model.outputs[0].shape == (None, 6)


class Loop(nn.Module):
    """A cell in a loop of Python, which is exported for one length."""

    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 3)

    def forward(self, x):
        h = c = torch.zeros(x.shape[0], 3)
        results = []
        for t in range(x.shape[1]):
            h, c = self.cell(x[:, t], (h, c))
            results.append(h)
        return torch.stack(results, 1)


class LastStates(nn.Module):
    """What classifiers read of two layers in both directions."""

    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(4, 3, 2, batch_first=True, bidirectional=True)

    def forward(self, x):
        _, states = self.rnn(x)
        h = states[0] if isinstance(states, tuple) else states
        return torch.cat([h[-2], h[-1]], -1)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_last_states_of_the_last_layer_alone(kind):
    model = lrkeras.from_torch(LastStates(kind), torch.zeros(2, 5, 4))  # compares
    assert kinds(model).count("Bidirectional") == 2 and model.inputs[0].shape == (None, None, 4)


class LastOfLength(nn.Module):
    """The output at the last step of each sequence, whose length is given."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(4, 3, batch_first=True)

    def forward(self, x, steps):
        y = self.rnn(x)[0]
        last = (steps - 1).clamp(min=0).view(-1, 1, 1).expand(-1, 1, 3)
        return y.gather(1, last).squeeze(1)


def test_entries_at_computed_steps():
    module = LastOfLength()
    model = lrkeras.from_torch(module, (torch.zeros(2, 5, 4), torch.tensor([1, 5])))
    x, steps = torch.randn(3, 5, 4), torch.tensor([2, 5, 1])
    with torch.no_grad():
        expected = module(x, steps).numpy()
    actual = keras.ops.convert_to_numpy(model([x.numpy(), steps.numpy().astype("int32")]))
    np.testing.assert_allclose(actual, expected, atol=1e-5)


class StepsByNumber(LastOfLength):
    """The same with an index for each axis."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def forward(self, x, steps):
        return self.rnn(x)[0][torch.arange(self.count(x)), steps - 1]


# PyTorch exports `len` as the number that it is of the example.
@pytest.mark.parametrize(
    ("count", "time"), [(lambda x: x.shape[0], None), (len, 5)], ids=["shape", "len"]
)
def test_a_step_of_each_sequence_by_number(count, time):
    module = StepsByNumber(count)
    model = lrkeras.from_torch(module, (torch.zeros(2, 5, 4), torch.tensor([1, 5])))
    assert {t.name: t.shape for t in model.inputs} == {"x": (None, time, 4), "steps": (None,)}
    x, steps = torch.randn(3, time or 9, 4), torch.tensor([2, time or 9, 1])
    with torch.no_grad():
        expected = module(x, steps).numpy()
    np.testing.assert_allclose(called(model, x=x, steps=steps), expected, atol=1e-5)


def called(model, **values):
    given = [values[tensor.name].numpy() for tensor in model.inputs]
    return keras.ops.convert_to_numpy(model(given))


class Packed(nn.Module):
    """Sequences of several lengths, as PyTorch's own tutorials read them."""

    def __init__(self, kind=nn.LSTM, reads="end", padding=0.0, **options):
        super().__init__()
        self.rnn = kind(4, 5, batch_first=True, **options)
        self.reads, self.padding = reads, padding

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(
            x, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        y, states = self.rnn(packed)
        if self.reads == "data":
            return y.data
        if self.reads == "all":
            return pad_packed_sequence(y, batch_first=True, padding_value=self.padding)[0]
        return (states[0] if isinstance(states, tuple) else states)[-1]


@pytest.mark.parametrize("reads", ["end", "all"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"kind": nn.GRU, "bidirectional": True, "num_layers": 2},
        {"kind": nn.RNN, "nonlinearity": "relu", "bias": False},
        {"proj_size": 3, "bidirectional": True},
    ],
    ids=["LSTM", "GRU", "RNN", "LSTMP"],
)
def test_packed_sequences(options, reads):
    module = Packed(reads=reads, **options)
    pack = nn.utils.rnn.pack_padded_sequence
    model = lrkeras.from_torch(module, (torch.zeros(2, 6, 4), torch.tensor([6, 3])))
    assert nn.utils.rnn.pack_padded_sequence is pack and pad_packed_sequence.__module__ != __name__
    x, lengths = torch.randn(3, 9, 4), torch.tensor([4, 9, 1])
    with torch.no_grad():
        expected = module(x, lengths).numpy()
    np.testing.assert_allclose(called(model, x=x, lengths=lengths), expected, atol=1e-5)
    # PyTorch gives no more steps than the longest has; here they are zeros.
    short = called(model, x=x, lengths=torch.tensor([4, 6, 1]))
    if reads == "all":
        assert short.shape[1] == 9 and np.any(short[1, 5]) and not np.any(short[1, 6:])


def test_packed_sequences_that_are_refused():
    example = (torch.zeros(2, 6, 4), torch.tensor([6, 3]))
    for module, message in (
        (Packed(reads="data"), r"reads 'data' of a packed sequence.*pad_packed_sequence first"),
        (Packed(reads="all", padding=-1.0), r"fills up with -1\.0.*torch\.where"),
    ):
        with pytest.raises(ValueError, match=message):
            lrkeras.from_torch(module, example)


class Folded(nn.Module):
    """Half of the steps backwards and the other half: a number that depends on the length."""

    def forward(self, x):
        half = x.shape[1] // 2
        return x[:, :half].flip(1) + x[:, half : 2 * half]


class Scanned(nn.Module):
    """A loop that PyTorch cannot export while the length is open."""

    def forward(self, x):
        return torch.stack([x[:, t] * t for t in torch.arange(x.shape[1]).tolist()], 1)


@pytest.mark.parametrize(
    ("module", "shape", "expected"),
    [
        (Folded(), (2, 8, 4), (None, 8, 4)),
        (Scanned(), (2, 5, 4), (None, 5, 4)),
        (nn.Conv2d(1, 2, 3), (1, 1, 8, 9), (None, None, 1, 9)),
        (Loop(), (2, 3, 4), (None, 3, 4)),
        (Loop(), (2, 12, 4), (None, 12, 4)),  # more steps than the check of an open length has
    ],
)
def test_axes_that_cannot_be_open_have_the_size_of_the_example(module, shape, expected):
    assert lrkeras.from_torch(module, torch.zeros(shape)).inputs[0].shape == expected


@pytest.mark.parametrize(
    ("module", "example", "message"),
    [
        (Branch(), torch.ones(2, 3), r"Branch cannot be exported.*torch\.where"),
        (Streaming(), torch.zeros(5, 2, 4), "do not fit forward"),
        (nn.Linear(2, 2).double(), torch.zeros(1, 2), r"module\.float\(\)"),
        (nn.Linear(2, 2), torch.zeros(1, 2).double(), r"\.float\(\) on them"),
        (nn.Linear(2, 2).state_dict(), torch.zeros(1, 2), "received OrderedDict.*load_state_dict"),
        (nn.Linear(2, 2), np.zeros((1, 2)), "Expected tensors"),
        (nn.GRU(2, 2), torch.zeros(5, 2), "give from_torch examples with a batch"),
    ],
)
def test_refusals_say_what_to_do(module, example, message):
    with pytest.raises(ValueError, match=message) as caught:
        lrkeras.from_torch(module, example)
    assert "\n" not in str(caught.value)


class Sorted(nn.Module):
    """An operator in the middle that has no Keras layer."""

    def __init__(self):
        super().__init__()
        self.lstm, self.fc = nn.LSTM(4, 3, batch_first=True), nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(torch.sort(self.lstm(x)[0], 1).values)


class Chosen(nn.Module):
    def forward(self, x):
        return torch.where(x.sum() > 0, x * 2, x)


def test_what_refusals_advise_works():
    """Each piece of advice, followed to the letter."""
    module, x = Sorted(), torch.randn(2, 5, 4)
    message = r"operator TopK.*before it and after it.*after\(between\(before\.output\)\)"
    with pytest.raises(ValueError, match=message):
        lrkeras.from_torch(module, x)

    class Before(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = module.lstm

        def forward(self, x):
            return self.lstm(x)[0]

    before = lrkeras.from_torch(Before(), x)
    after = lrkeras.from_torch(module.fc, torch.zeros(2, 5, 3))
    joined = keras.Model(before.input, after(keras.ops.sort(before.output, axis=1)))
    with torch.no_grad():
        expected = module(x).numpy()
    actual = keras.ops.convert_to_numpy(joined(x.numpy()))
    np.testing.assert_allclose(actual, expected, atol=1e-5)

    lrkeras.from_torch(Chosen(), torch.ones(2, 3))
    lrkeras.from_torch(nn.Linear(2, 2).double().float(), torch.zeros(1, 2).double().float())
    made = nn.Linear(2, 2)
    made.load_state_dict(nn.Linear(2, 2).state_dict())
    lrkeras.from_torch(made, torch.zeros(1, 2))
