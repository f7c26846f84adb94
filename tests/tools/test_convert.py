import json
import os

import keras
from load_tool import load_tool

from lrkeras import layers


def test_it_is_the_convert_command(tmp_path, capsys):
    model, path = str(tmp_path / "model.keras"), str(tmp_path / "model.tflite")
    layer = layers.LSTM(32, joint_structure="kronecker")
    keras.Sequential([keras.Input((None, 16)), layer]).save(model)
    tool = load_tool("convert")
    assert tool.main([model, path, "--quantize", "float16", "--seed", "3", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["quantize"] == "float16" and report["file_bytes"] == os.path.getsize(path)
    os.remove(path)
    assert tool.main([model, path, "--quantize", "int3"]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith("error: Expected `quantize`") and "Traceback" not in printed.err
    assert not os.path.exists(path)
