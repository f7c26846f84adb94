"""From a file that a GPU trained with Keras 2 to a LiteRT file, with the commands."""

import json

import numpy as np
from legacy_files import CuDNN, cudnn_config, write

from lrkeras.cli import main
from lrkeras.export import StepRunner


def test_a_cudnn_file_is_inspected_and_converted(tmp_path, capsys):
    lstm, gru = CuDNN(4, 5, 8, 0), CuDNN(3, 8, 6, 1)
    layers = [cudnn_config("CuDNNLSTM", "a", 8, 5), cudnn_config("CuDNNGRU", "b", 6)]
    config = {"class_name": "Sequential", "config": layers}
    path = write(tmp_path / "gpu.h5", {"a": lstm.saved(), "b": gru.saved()}, config)
    assert main(["inspect", str(path), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["params"] == 4 * 8 * (5 + 8 + 1) + 3 * 6 * (8 + 6 + 2)
    assert main(["convert", str(path), str(tmp_path / "phone.tflite")]) == 0
    x = np.random.default_rng(2).normal(size=(1, 7, 5)).astype("float32")
    outputs = StepRunner(tmp_path / "phone.tflite").run(x)
    np.testing.assert_allclose(np.squeeze(outputs), gru(lstm(x[0])), rtol=0, atol=1e-5)


def test_weights_alone_leave_no_file(tmp_path, capsys):
    path = write(tmp_path / "w.h5", {"a": CuDNN(4, 5, 8, 0).saved()})
    assert main(["convert", str(path), str(tmp_path / "phone.tflite")]) == 1
    assert "holds weights only" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["w.h5"]
