"""One small, whole file of each kind that the package reads."""

from __future__ import annotations

import json
import pathlib
import shutil

import numpy as np

ROOT = pathlib.Path(__file__).parents[2]
DEVICE_RESULT = ROOT / "android_demo/app/src/test/resources/benchmark.json"
ONNX = ROOT / "tests/importers/data/words_lstm.onnx"


def write_seeds(folder: pathlib.Path, saved_model: bool = True) -> dict[str, pathlib.Path]:
    """Writes a file of each kind; `other.keras`, which stays whole, beside them.

    Args:
        folder: An empty folder.
        saved_model: Whether to write a SavedModel folder too, which takes seconds.

    Returns:
        Paths by kind.
    """
    import keras

    from lrkeras import convert
    from lrkeras.datasets.wav import write_wav

    keras.utils.set_random_seed(0)
    model = _model(keras)
    seeds = {
        name: folder / f"seed.{name}"
        for name in ("keras", "h5", "onnx", "npz", "npy", "wav", "json")
    }
    model.save(seeds["keras"])
    model.save(folder / "other.keras")
    model.save(seeds["h5"])
    shutil.copyfile(ONNX, seeds["onnx"])
    large = _model(keras, 20)  # smaller matrices are not rounded
    for name, source, quantize in (
        ("float", model, None),
        ("int8", large, "int8"),
        ("int4", large, "int4"),
        ("sparse", _sparse_model(keras), "int8"),
    ):
        seeds[f"tflite {name}"] = folder / f"{name}.tflite"
        metadata = {"labels": ["a word"] * 600} if quantize else None  # long ones are deflated
        convert(source, seeds[f"tflite {name}"], form="step", quantize=quantize, metadata=metadata)
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(8, 5, 4)), "y": rng.normal(size=(8, 5, 3))}
    arrays |= {f"{name}_val": value[:4] for name, value in arrays.items()}
    np.savez(seeds["npz"], **{k: v.astype("float32") for k, v in arrays.items()})
    np.save(seeds["npy"], rng.normal(size=(1, 8, 4)).astype("float32"))
    write_wav(seeds["wav"], rng.uniform(-0.5, 0.5, 800))
    seeds["json"].write_text(json.dumps(json.loads(DEVICE_RESULT.read_text())))
    if saved_model:
        seeds["saved_model"] = folder / "saved_model"
        _write_saved_model(seeds["saved_model"])
    return seeds


def _model(keras, units: int = 6):
    lstm = keras.layers.LSTM(units, return_sequences=True)
    return keras.Sequential([keras.Input((None, 4)), lstm, keras.layers.Dense(3)])


def _sparse_model(keras):
    from lrkeras import layers, sparsify, structures

    doped = structures.doped(structures.Kronecker(), compression=4, block=(1, 16))
    lstm = layers.LSTM(32, return_sequences=True, joint_structure=doped)
    model = keras.Sequential([keras.Input((None, 16)), lstm])
    sparsify(model)
    return model


def _write_saved_model(folder: pathlib.Path) -> None:
    import tf_keras

    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [layers.InputLayer((5, 4)), layers.LSTM(3, return_sequences=True), layers.Dense(2)]
    )
    model.save(folder, save_format="tf")
