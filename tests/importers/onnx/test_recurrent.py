"""Recurrent operators, each compared with onnxruntime while it is loaded."""

import keras
import numpy as np
import pytest

from lrkeras.importers.onnx import load_onnx

onnx = pytest.importorskip("onnx", reason='pip install "lrkeras[onnx]"')
onnxruntime = pytest.importorskip("onnxruntime", reason='pip install "lrkeras[onnx]"')
helper, FLOAT, INT32 = onnx.helper, onnx.TensorProto.FLOAT, onnx.TensorProto.INT32
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
FEATURES, UNITS = 3, 5


def saved(path, op, outputs, shape=("T", "N", FEATURES), more=None, extra=(), **attributes):
    """A file with one recurrent operator; `extra` are further inputs of it, `more` constants."""
    rng = np.random.default_rng(0)
    count = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = GATES[op] * UNITS
    shapes = {"W": (count, rows, FEATURES), "R": (count, rows, UNITS), "B": (count, 2 * rows)}
    weights = {n: rng.normal(size=s).astype("float32") / 2 for n, s in shapes.items()}
    node = helper.make_node(
        op, ["x", "W", "R", "B", *extra], outputs, name="cell", hidden_size=UNITS, **attributes
    )
    graph = helper.make_graph(
        [node],
        "graph",
        [
            helper.make_tensor_value_info("x", FLOAT, shape),
            *(
                helper.make_tensor_value_info(name, INT32, (shape[1],))
                if name == "lengths"
                else helper.make_tensor_value_info(name, FLOAT, (count, shape[1], UNITS))
                for name in extra
                if name and name not in (more or {})
            ),
        ],
        [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs if name],
        [onnx.numpy_helper.from_array(w, n) for n, w in {**weights, **(more or {})}.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("op", "attributes"),
    [("LSTM", {}), ("GRU", {}), ("GRU", {"linear_before_reset": 1}), ("RNN", {})],
)
def test_every_direction_with_sequence_and_states(op, attributes, direction, tmp_path):
    outputs = ["Y", "Y_h", "Y_c"] if op == "LSTM" else ["Y", "Y_h"]
    path = saved(tmp_path / "m.onnx", op, outputs, direction=direction, **attributes)
    model = load_onnx(path)
    width = 2 * UNITS if direction == "bidirectional" else UNITS
    assert model.inputs[0].shape == (None, None, FEATURES)
    assert model.outputs[0].shape == (None, None, width)


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("read", ["all", "end"])
def test_lengths_of_sequences_as_an_input(op, direction, read, tmp_path):
    states = ["Y_h", "Y_c"] if op == "LSTM" else ["Y_h"]
    outputs = ["Y" if read == "all" else "", *states]
    path = saved(tmp_path / "m.onnx", op, outputs, extra=("lengths",), direction=direction)
    model = load_onnx(path)
    x = np.random.default_rng(1).normal(size=(3, 7, FEATURES)).astype("float32")
    lengths = np.array([2, 7, 1], "int32")
    values = {"x": x, "lengths": lengths}
    found = keras.tree.flatten(model([values[tensor.name] for tensor in model.inputs]))
    session = onnxruntime.InferenceSession(path)
    wanted = session.run(None, {"x": x.swapaxes(0, 1), "lengths": lengths})
    if read == "all":  # (T, D, N, H)
        y, *wanted = wanted
        wanted = [np.concatenate(y.swapaxes(0, 1), -1).swapaxes(0, 1), *wanted]
        assert not np.any(found[0][2, 1:])
    count = len(found) - len(wanted)
    # States of several directions, (D, N, H), are outputs of their own.
    flat = [part for w in wanted for part in (w if count and w.shape[0] == 2 else [w])]
    for actual, expected in zip(found, flat, strict=True):
        np.testing.assert_allclose(np.reshape(actual, expected.shape), expected, atol=1e-5)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("op", ["LSTM", "GRU", "RNN"])
def test_a_layout_with_the_batch_first(op, direction, tmp_path):
    """onnxruntime runs no such file: compared with the same weights time-major."""
    outputs = ["Y", "Y_h", "Y_c"] if op == "LSTM" else ["Y", "Y_h"]
    options = {"direction": direction}
    model = load_onnx(
        saved(tmp_path / "m.onnx", op, outputs, ("N", "T", FEATURES), layout=1, **options)
    )
    x = np.random.default_rng(1).normal(size=(2, 7, FEATURES)).astype("float32")
    session = onnxruntime.InferenceSession(saved(tmp_path / "t.onnx", op, outputs, **options))
    y, *states = session.run(None, {"x": x.swapaxes(0, 1)})
    # (T, D, N, H) and (D, N, H), as the file has them: (N, T, D, H) and (N, D, H).
    expected = [y.transpose(2, 0, 1, 3), *(state.swapaxes(0, 1) for state in states)]
    for actual, wanted in zip(model(x), expected, strict=True):
        np.testing.assert_allclose(np.reshape(actual, wanted.shape), wanted, atol=1e-5)


def test_a_batch_of_one_is_opened(tmp_path):
    path = saved(tmp_path / "m.onnx", "GRU", ["Y"], shape=(6, 1, FEATURES))
    assert load_onnx(path).inputs[0].shape == (None, 6, FEATURES)


def test_activations(tmp_path):
    gates = ["HardSigmoid", "Relu", "Relu"]
    layer = load_onnx(saved(tmp_path / "m.onnx", "LSTM", ["Y"], activations=gates)).get_layer(
        "cell"
    )
    assert keras.activations.serialize(layer.activation) == "relu"
    # 0.2 x + 0.5, which is Keras 2's.
    assert float(layer.recurrent_activation(np.float32(1.0))) == pytest.approx(0.7)


def test_a_constant_initial_state(tmp_path):
    state = {"h": np.linspace(-1, 1, UNITS, dtype="float32").reshape(1, 1, UNITS)}
    path = saved(tmp_path / "m.onnx", "GRU", ["Y"], (6, 1, FEATURES), state, ("", "h"))
    assert load_onnx(path).outputs[0].shape == (None, 6, UNITS)


def test_states_that_are_inputs_of_both_directions(tmp_path):
    path = saved(
        tmp_path / "m.onnx", "GRU", ["Y", "Y_h"], extra=("", "h"), direction="bidirectional"
    )
    model = load_onnx(path)
    names = [(tensor.name, tensor.shape) for tensor in model.inputs[1:]]
    assert names == [("h_0", (None, UNITS)), ("h_1", (None, UNITS))]


@pytest.mark.parametrize(
    ("attributes", "constants", "extra", "reason"),
    [
        ({"clip": 1.0}, {}, (), "clips the sums of its gates"),
        ({"input_forget": 1}, {}, (), "couples input and forget gate"),
        ({}, {"P": np.ones((1, 3 * UNITS), "float32")}, ("", "", "", "P"), "peephole"),
        ({}, {"lengths": np.array([2], "int32")}, ("lengths",), "sequence_lens.*constant"),
        ({"activations": ["Affine", "Tanh", "Tanh"]}, {}, (), r"no activation Affine\(alpha=1"),
        ({"activations": ["Sigmoid", "Tanh", "Relu"]}, {}, (), "of its output differ"),
    ],
)
def test_what_keras_has_not_is_refused_by_name(attributes, constants, extra, reason, tmp_path):
    path = saved(
        tmp_path / "m.onnx", "LSTM", ["Y"], (4, 1, FEATURES), constants, extra, **attributes
    )
    with pytest.raises(ValueError, match=rf"The operator LSTM \(node 'cell'\).*{reason}") as caught:
        load_onnx(path)
    assert "\n" not in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]
