"""`lrkeras inspect` and `lrkeras bench` of files that other converters wrote."""

import contextlib
import io
import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from failing_command import fails
from tiny_models import TinyModel

from lrkeras import layers
from lrkeras.cli import main
from lrkeras.export import convert
from lrkeras.export.tflite.model_file import ModelFile

BUILTIN, FLEX = tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS
TIME, FEATURES = 6, 4


def _stock(path, model, flex=False, lists=True, **settings):
    """What the TensorFlow converter makes of a model."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.target_spec.supported_ops = [BUILTIN, FLEX] if flex else [BUILTIN]
    converter._experimental_lower_tensor_list_ops = lists
    converter.target_spec.supported_types = settings.pop("types", [])
    for name, value in settings.items():
        setattr(converter, name, value)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it saved in between
        path.write_bytes(converter.convert())
    return str(path)


def _model(layer, batch=None):
    return keras.Sequential([keras.Input((TIME, FEATURES), batch), layer, keras.layers.Dense(3)])


def _json(capsys, *words):
    assert main([*(str(word) for word in words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def _text(capsys, file):
    assert main(["inspect", str(file)]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("flex", "prefix"), [(True, "Flex"), (False, "")])
def test_operators_without_kernels_are_listed_with_their_layers(tmp_path, capsys, flex, prefix):
    model = _model(keras.layers.LSTM(8, name="encoder"))
    custom = not flex
    file = _stock(tmp_path / "m.tflite", model, flex, lists=False, allow_custom_ops=custom)
    content = _json(capsys, "inspect", file)
    names = {f"{prefix}TensorList{end}" for end in ("Reserve", "SetItem", "Stack")}
    assert {one["name"] for one in content["foreign_operators"]} == names
    for one in content["foreign_operators"]:
        assert one["kind"] == ("flex" if flex else "custom") and "LSTM" in one["origin"]
        assert any("encoder" in layer for layer in one["layers"])
    (loop,) = content["while_loops"]
    turn = 4 * 8 * (FEATURES + 8)
    assert (loop["turns"], loop["body_macs"], loop["macs"]) == (TIME, turn, TIME * turn)
    assert loop["kind"] == "LSTM" and "encoder" in loop["layer"]
    assert all(name in content["load_error"] for name in names)
    assert content["next"]["command"].startswith("lrkeras convert the_original.keras ")
    ((given, kind),) = content["signatures"]["serving_default"]["inputs"].items()
    assert kind == f"float32 (None, {TIME}, {FEATURES})" and "Open shapes" in str(
        content["hazards"]
    )
    text = _text(capsys, file)
    assert f"1 {prefix}TensorListReserve in" in text and given in text
    line = fails(capsys, "bench", file, "--rounds", 1, "--no-memory", "--no-cold")
    assert f"inspect {file}" in line or "fixed shapes" in line


def test_an_operation_that_needs_flex_is_named(tmp_path, capsys):
    x = keras.Input((6,))
    y = keras.layers.Dense(6, name="before")(x)
    file = _stock(tmp_path / "m.tflite", keras.Model(x, keras.ops.erf(y)), flex=True)
    (one,) = _json(capsys, "inspect", file)["foreign_operators"]
    assert (one["name"], one["origin"]) == ("FlexErf", "the operation Erf")
    assert "before" in one["layers"][0]


def test_loops_of_both_directions(tmp_path, capsys):
    both = keras.layers.Bidirectional(keras.layers.GRU(8), name="both")
    file = _stock(tmp_path / "m.tflite", _model(both, batch=1))
    content = _json(capsys, "inspect", file)
    assert [loop["turns"] for loop in content["while_loops"]] == [TIME] * 2
    assert {loop["kind"] for loop in content["while_loops"]} == {"GRU"}
    found = {loop["layer"].split("/")[-1].split("_")[0] for loop in content["while_loops"]}
    assert found == {"forward", "backward"} and content["load_error"] is None
    assert "no delegate takes a WHILE" in _text(capsys, file)
    assert _json(capsys, "bench", file, "--rounds", 1, "--no-cold", "--no-memory")["files"]


_DEFAULT = [tf.lite.Optimize.DEFAULT]


def _ranges():
    return [[np.ones((1, TIME, FEATURES), np.float32)]] * 2


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")
@pytest.mark.parametrize(
    ("settings", "kind", "share"),
    [
        ({}, "float32", {"float32": 1.0}),
        ({"optimizations": _DEFAULT, "types": [tf.float16]}, "float16", {"float16": 1.0}),
        ({"optimizations": _DEFAULT}, "dynamic int8", {"int8": 0.97}),
        (
            {"optimizations": _DEFAULT, "representative_dataset": _ranges},
            "full int8",
            {"int8": 0.97},
        ),
    ],
)
def test_a_loop_that_is_written_out(tmp_path, capsys, settings, kind, share):
    model = _model(keras.layers.LSTM(64, unroll=True, name="words"), batch=1)
    file = _stock(tmp_path / "m.tflite", model, **settings)
    content = _json(capsys, "inspect", file)
    (loop,) = content["unrolled_loops"]
    # The first product of a state of zeros may have been folded away.
    assert loop["steps"] in (TIME - 1, TIME) and loop["weights"] == [256, 64]
    assert "words" in loop["layer"] and content["while_loops"] == []
    assert content["weights"]["kind"] == kind
    ((name, expected),) = share.items()
    assert content["weights"]["shares"][name] >= expected - 1e-9
    rounded = {"float32": "", "float16": "float16"}.get(kind, "int8")
    assert content["next"]["command"].endswith(f"--quantize {rounded}" if rounded else "out.tflite")
    assert "written out" in _text(capsys, file)


def test_two_calls_of_one_layer_are_no_loop(tmp_path, capsys):
    x = keras.Input((8,), 1)
    dense = keras.layers.Dense(8)
    file = _stock(tmp_path / "m.tflite", keras.Model(x, dense(keras.ops.tanh(dense(x)))))
    content = _json(capsys, "inspect", file)
    assert content["unrolled_loops"] == [] and content["hazards"] == []
    assert content["next"]["command"] == f"lrkeras bench {file}"
    assert main([*content["next"]["command"].split()[1:], "--rounds", "1", "--no-cold"]) == 0


def test_a_fused_layer_and_its_hidden_states(tmp_path, capsys):
    tf_keras = pytest.importorskip("tf_keras")
    made = [tf_keras.Input((TIME, FEATURES), 1), tf_keras.layers.LSTM(8), tf_keras.layers.Dense(3)]
    file = _stock(tmp_path / "m.tflite", tf_keras.Sequential(made))
    content = _json(capsys, "inspect", file)
    (layer,) = content["fused_layers"]
    assert layer["operator"] == "UNIDIRECTIONAL_SEQUENCE_LSTM" and layer["steps"] == TIME
    assert layer["macs"] == TIME * 4 * 8 * (FEATURES + 8)
    assert content["macs"] == layer["macs"] + 3 * 8
    assert [state["tensor"] for state in content["states"]] == ["float32 (1, 8)"] * 2
    assert "CompiledModel" in str(content["hazards"])


def test_variables_of_the_runtime_are_states(tmp_path, capsys):
    class Sum(tf.Module):
        def __init__(self):
            super().__init__()
            self.total = tf.Variable(tf.zeros((1, 4)), name="total")

        @tf.function(input_signature=[tf.TensorSpec((1, 4), tf.float32, name="x")])
        def add(self, x):
            self.total.assign_add(x)
            return self.total * 2.0

    module = Sum()
    function = module.add.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], module)
    converter.experimental_enable_resource_variables = True
    file = tmp_path / "m.tflite"
    file.write_bytes(converter.convert())
    content = _json(capsys, "inspect", file)
    (state,) = content["states"]
    assert (state["kind"], state["tensor"]) == ("variable", "float32 (1, 4)")
    assert "reset_all_variables" in str(content["hazards"])
    assert content["who_takes_it"]["compiled_model"].startswith("no")
    assert _json(capsys, "bench", file, "--rounds", 1, "--no-cold", "--no-memory")["files"]


def test_files_of_ours_have_explicit_states_and_no_faults(tmp_path, capsys):
    model = keras.Sequential([keras.Input((None, 4)), layers.LSTM(8, name="memory")])
    file = tmp_path / "m.tflite"
    convert(model, file)
    content = _json(capsys, "inspect", file)
    found = {(state["name"], state["kind"]) for state in content["states"]}
    assert found == {("memory_h", "explicit"), ("memory_c", "explicit")}
    assert content["next"]["command"] == f"lrkeras bench {file}"


def _old(path):
    """What the first converters wrote: no signatures, no names of versions, vectors left out."""
    model = TinyModel().graph()
    x, y = model.tensor("x", (1, 4)), model.tensor("y", (1, 2))
    w = model.tensor("w", (2, 4), value=0.5)
    model.node("FULLY_CONNECTED", [x, w, -1], [y], options="FullyConnectedOptions")
    model.ends({"x": x}, {"y": y})
    model.model.signatureDefs = model.model.metadata = None
    for code in model.model.operatorCodes:
        code.builtinCode, code.version = 0, 1
    model.model.subgraphs[0].name = None
    return model.save(path)


def test_an_old_file(tmp_path, capsys):
    file = _old(tmp_path / "old.tflite")
    content = _json(capsys, "inspect", file)
    assert (content["signatures"], content["macs"]) == ({}, 8)
    assert content["inputs"] == {"x": "float32 (1, 4)"}
    assert content["outputs"] == {"y": "float32 (1, 2)"} and "float32 (1, 4)" in _text(capsys, file)


def test_a_file_that_no_runtime_loads_is_described_all_the_same(tmp_path, capsys):
    file = _old(tmp_path / "odd.tflite")
    model = ModelFile(pathlib.Path(file).read_bytes())
    model.graphs[0].tensors[2].shape = np.array([2, 3], np.int32)
    pathlib.Path(file).write_bytes(model.to_bytes())
    content = _json(capsys, "inspect", file)
    assert "XNNPack" in content["load_error"] and content["operators"] == {"FULLY_CONNECTED": 1}
    assert content["next"]["command"].startswith("lrkeras convert")
    assert "the runtime cannot load it" in _text(capsys, file)


def test_tensors_without_names_are_told_apart(tmp_path, capsys):
    file = _old(tmp_path / "nameless.tflite")
    model = ModelFile(pathlib.Path(file).read_bytes())
    for tensor in model.graphs[0].tensors:
        tensor.name = None
    model.graphs[0].subgraph.inputs = np.array([0, 2], np.int32)
    pathlib.Path(file).write_bytes(model.to_bytes())
    found = _json(capsys, "inspect", file)["inputs"]
    assert found == {"(tensor 0)": "float32 (1, 4)", "(tensor 2)": "float32 (2, 4)"}


def test_text_inside_the_model(tmp_path, capsys):
    words = keras.Input((4,), 1, dtype="string", name="words")
    look = keras.layers.StringLookup(vocabulary=["a", "b"], name="look")
    table = keras.layers.Embedding(4, 3)(look(words))
    made = keras.Model(words, keras.layers.Dense(2)(table))
    file = _stock(tmp_path / "m.tflite", made, flex=True, allow_custom_ops=True)
    content = _json(capsys, "inspect", file)
    assert "string (1, 4)" in content["signatures"]["serving_default"]["inputs"].values()
    assert content["odd_inputs"] and "lrkeras convert" in content["next"]["command"]
    fails(capsys, "bench", file, "--rounds", 1, "--no-memory", "--no-cold")


def test_an_operator_of_a_later_format(tmp_path, capsys):
    file = _old(tmp_path / "new.tflite")
    model = ModelFile(pathlib.Path(file).read_bytes())
    model.model.operatorCodes[0].builtinCode = 9999
    model.model.operatorCodes[0].deprecatedBuiltinCode = 127
    pathlib.Path(file).write_bytes(model.to_bytes())
    (one,) = _json(capsys, "inspect", file)["foreign_operators"]
    assert (one["name"], one["kind"]) == ("UNKNOWN:9999", "unknown")


def test_damaged_files_are_one_line(tmp_path, capsys):
    whole = pathlib.Path(_old(tmp_path / "old.tflite")).read_bytes()
    damaged = tmp_path / "damaged.tflite"
    for size in range(0, len(whole), 40):
        damaged.write_bytes(whole[:size])
        assert "damaged.tflite" in fails(capsys, "inspect", damaged)
    damaged.write_bytes(b"TFL2" + whole)
    assert "TFL3" in fails(capsys, "inspect", damaged)


@pytest.mark.parametrize("field", ["tensor", "buffer", "code"])
def test_numbers_that_point_to_nothing_are_one_line(tmp_path, capsys, field):
    file = _old(tmp_path / "old.tflite")
    model = ModelFile(pathlib.Path(file).read_bytes())
    (graph,) = model.graphs
    if field == "tensor":
        graph.operators[0].inputs = np.array([0, 99, -1], np.int32)
    elif field == "buffer":
        graph.tensors[1].buffer = 99
    else:
        graph.operators[0].opcodeIndex = 99
    pathlib.Path(file).write_bytes(model.to_bytes())
    assert "names the" in fails(capsys, "inspect", file)
