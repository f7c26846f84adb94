"""What is refused, and that the message names what is wrong."""

import h5py
import keras
import numpy as np
import pytest
from legacy_files import CuDNN, cudnn_config, write

from lrkeras import load_legacy_h5

KERNEL, BIAS = np.arange(6.0).reshape(2, 3), np.ones(3)
DENSE = {"dense": [("kernel", KERNEL), ("bias", BIAS)]}


def dense_model(*names, units=3):
    first, *rest = names or ("dense",)
    layers = [keras.layers.Dense(units, name=first)]
    layers += [keras.layers.Dense(units, name=name) for name in rest]
    return keras.Sequential([keras.Input((2,)), *layers])


def sequential(*layers):
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(layers)}}


def dense(**arguments):
    config = {"name": "dense", "units": 3, "batch_input_shape": [None, 2], **arguments}
    return {"class_name": "Dense", "config": config}


def refuses(path, match, model=None):
    with pytest.raises(ValueError, match=match):
        load_legacy_h5(path, model)


def test_it_loads_without_the_fault(tmp_path):
    x = np.array([[1.0, 2.0]], "float32")
    expected = x @ KERNEL + 1
    for number, version in enumerate(("2.2.4-tf", None)):
        path = write(tmp_path / f"{number}.h5", DENSE, sequential(dense()), version)
        np.testing.assert_allclose(load_legacy_h5(path)(x), expected)
    path = write(tmp_path / "weights.h5", DENSE)
    np.testing.assert_allclose(load_legacy_h5(path, dense_model())(x), expected)


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.h5.*Check the path"):
        load_legacy_h5(tmp_path / "nothing.h5")


def test_not_an_hdf5_file(tmp_path):
    (tmp_path / "a.h5").write_text("not a model")
    refuses(tmp_path / "a.h5", r"a\.h5' is not an HDF5 file")


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_truncated_file(keep, tmp_path):
    layers = {"dense": [("kernel", np.zeros((200, 300))), ("bias", np.zeros(300))]}
    path = write(tmp_path / "a.h5", layers)
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    refuses(path, "damaged HDF5 file", dense_model())


@pytest.mark.parametrize(("place", "what"), [("free", 0), ("object", 1 << 40), ("heap", 1 << 40)])
def test_a_heap_that_the_library_would_read_forever(place, what, tmp_path):
    path = write(tmp_path / "a.h5", DENSE, sequential(dense()))
    with h5py.File(path, "a") as file:
        file.attrs["told"] = "text of any length"
    content = bytearray(path.read_bytes())
    heap = content.rindex(b"GCOL")
    at = heap + 16
    if place == "free":
        while int.from_bytes(content[at : at + 2], "little"):
            at += 16 + (int.from_bytes(content[at + 8 : at + 16], "little") + 7) // 8 * 8
    at = heap if place == "heap" else at
    content[at + 8 : at + 16] = what.to_bytes(8, "little")
    path.write_bytes(content)
    refuses(path, r"damaged HDF5 file \(its heap at byte", dense_model())


def test_damaged_bytes_raise_value_errors_and_nothing_else(tmp_path):
    """h5py has a dozen other exceptions for them."""
    layers = {"dense": [("kernel", KERNEL), ("bias", BIAS)], "empty": []}
    whole = write(tmp_path / "a.h5", layers, sequential(dense())).read_bytes()
    generator = np.random.default_rng(0)
    model, messages = dense_model(), set()
    for _ in range(150):
        damaged = bytearray(whole)
        for place in generator.integers(0, len(whole), 10):
            damaged[place] = generator.integers(256)
        (tmp_path / "a.h5").write_bytes(damaged)
        try:
            load_legacy_h5(tmp_path / "a.h5", model)
        except ValueError as error:
            messages.add(str(error))
        assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert len(messages) > 5


def test_an_hdf5_file_of_something_else(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["temperature"] = [1.0]
    refuses(tmp_path / "a.h5", "not one of Keras 2.*it holds temperature")


def test_weights_of_keras_3(tmp_path):
    dense_model().save_weights(tmp_path / "a.weights.h5")
    refuses(tmp_path / "a.weights.h5", r"format of Keras 3.*model\.load_weights", dense_model())


def test_keras_1(tmp_path):
    refuses(write(tmp_path / "a.h5", DENSE, version="0.3.1"), "written by Keras 0.3.1")
    merge = {"class_name": "Merge", "config": {"name": "m", "mode": "concat"}}
    config = {"class_name": "Sequential", "config": [dense(output_dim=3), merge]}
    path = write(tmp_path / "b.h5", DENSE, config, version="1.2.2")
    refuses(path, "'m' is a 'Merge' of Keras 1.*pass it as model=")


def test_weights_only_without_a_model(tmp_path):
    refuses(write(tmp_path / "a.h5", DENSE), r"weights only.*load_model\(path, model=model\)")


def test_missing_and_unexpected_layers_are_named(tmp_path):
    path = write(tmp_path / "a.h5", {**DENSE, "head": [("bias", BIAS)], "empty": []})
    model = dense_model("dense", "tail")
    before = model.get_weights()
    refuses(path, "the file lacks 'tail'; the model lacks 'head'", model)
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_unbuilt_model(tmp_path):
    path = write(tmp_path / "a.h5", DENSE)
    refuses(
        path, "no weights yet in 'dense'", keras.Sequential([keras.layers.Dense(3, name="dense")])
    )


def test_shapes_are_named_and_nothing_is_set(tmp_path):
    path = write(tmp_path / "a.h5", {**DENSE, "z": [("kernel", KERNEL), ("bias", BIAS)]})
    model = dense_model("dense", "z")
    before = model.get_weights()
    refuses(path, r"'\w+/z/kernel'.*\(3, 3\), but '/z/z_1/kernel:0'.*\(2, 3\)", model)
    for ours, theirs in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_number_of_weights(tmp_path):
    path = write(tmp_path / "a.h5", {"dense": DENSE["dense"][:1]})
    refuses(
        path, r"'dense' has 2 weights \(\(2, 3\), \(3,\)\).*1 for it \(\(2, 3\)\)", dense_model()
    )


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_not_finite(value, tmp_path):
    bad = np.where(KERNEL == 4, value, KERNEL)
    path = write(tmp_path / "a.h5", {"dense": [("kernel", bad), ("bias", BIAS)]})
    refuses(path, "kernel:0' holds 1 numbers of 6 that are NaN or infinite", dense_model())


def test_not_finite_in_a_cudnn_layer(tmp_path):
    saved = CuDNN(4, 2, 3, 0).saved()
    saved[1][1][2, 5] = np.nan
    config = sequential(cudnn_config("CuDNNLSTM", "rnn", 3, 2))
    refuses(write(tmp_path / "a.h5", {"rnn": saved}, config), "recurrent_kernel:0' holds 1 numbers")


def test_text_in_place_of_weights(tmp_path):
    path = write(tmp_path / "a.h5", DENSE)
    with h5py.File(path, "r+") as file:
        del file["dense/dense_1/bias:0"]
        file["dense/dense_1/bias:0"] = [b"a", b"b", b"c"]
    refuses(path, "bias:0' holds no numbers", dense_model())


@pytest.mark.parametrize("kind", ["missing", "soft", "external", "outside", "group"])
def test_weights_elsewhere(kind, tmp_path):
    path, name = write(tmp_path / "a.h5", DENSE), "dense/dense_1/bias:0"
    with h5py.File(path, "r+") as file:
        del file[name]
        if kind == "soft":
            file[name] = h5py.SoftLink("/dense/dense_1/kernel:0")
        elif kind == "external":
            file[name] = h5py.ExternalLink("other.h5", "/bias")
        elif kind == "outside":
            raw = [(str(tmp_path / "raw"), 0, 12)]
            file.create_dataset(name, (3,), "float32", external=raw)
        elif kind == "group":
            file.create_group(name)
    match = {"missing": "it is missing", "soft": "is a link", "external": "is a link"}
    refuses(path, match.get(kind, "should be a Dataset with its content in this"), dense_model())


@pytest.mark.parametrize("class_name", ["Lambda", "TFSMLayer"])
def test_code_is_refused_wherever_it_is(class_name, tmp_path):
    code = {"class_name": class_name, "config": {"name": "f", "function": ["4wEAAAA=", None, None]}}
    wrapper = {"class_name": "TimeDistributed", "config": {"name": "t", "layer": code}}
    for number, layer in enumerate((code, wrapper)):
        path = write(tmp_path / f"{number}.h5", DENSE, sequential(dense(), layer))
        refuses(path, f"rebuilt: The layer 'f' is a {class_name}: it holds Python code")


def test_code_in_a_file_of_keras_3(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x, name="f")])
    model.save(tmp_path / "a.h5")
    refuses(tmp_path / "a.h5", "The layer 'f' is a Lambda")


def test_an_unknown_class_is_named(tmp_path):
    entry = {"class_name": "AttentionWeightedAverage", "config": {"name": "attention"}}
    path = write(tmp_path / "a.h5", DENSE, sequential(dense(), entry))
    refuses(path, "'attention' is a 'AttentionWeightedAverage'.*pass it as model=")
    node = {"class_name": "TensorFlowOpLayer", "config": {"name": "tf_op_layer_Mean"}}
    path = write(tmp_path / "b.h5", DENSE, sequential(dense(), node))
    refuses(path, "'tf_op_layer_Mean' is a node of a graph of TensorFlow 2.0 to 2.3")


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"class_name": "MyModel", "config": {"name": "m"}}, "received a 'MyModel'"),
        (sequential({"class_name": "Dense", "config": {"name": "dense"}}), "no input shape"),
        (sequential(dense(time_major=True)), "'dense' has time_major=True"),
        (sequential(), "no input shape"),
        ({"class_name": "Model", "config": {"input_layers": []}}, "cannot be rebuilt"),
        ({"class_name": "Sequential"}, "expected a JSON object with 'class_name' and 'config'"),
        ([1, 2], "describes no model"),
    ],
)
def test_a_configuration_that_cannot_be_followed(config, match, tmp_path):
    refuses(write(tmp_path / "a.h5", DENSE, config), match)


def test_a_configuration_that_is_not_json(tmp_path):
    path = write(tmp_path / "a.h5", DENSE, sequential(dense()))
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = b"{'class_name'"
    refuses(path, "'model_config'.*is not JSON")


def test_long_lists_of_names_come_in_parts(tmp_path):
    path = write(tmp_path / "a.h5", DENSE, sequential(dense()))
    with h5py.File(path, "r+") as file:
        group = file["model_weights"]
        del group.attrs["layer_names"]
        group.attrs["layer_names0"], group.attrs["layer_names1"] = [b"empty"], [b"dense"]
        group.create_group("empty").attrs["weight_names"] = np.zeros(0)
        names = group["dense"].attrs["weight_names"]
        del group["dense"].attrs["weight_names"]
        for number, name in enumerate(names):
            group["dense"].attrs[f"weight_names{number}"] = [name]
    x = np.array([[1.0, 2.0]], "float32")
    np.testing.assert_allclose(load_legacy_h5(path)(x), x @ KERNEL + 1)
