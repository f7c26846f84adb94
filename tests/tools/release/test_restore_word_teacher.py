"""The teacher of the shipped models, as a Keras model."""

import keras
import numpy as np
import pytest
from load_tool import load_tool

from lrkeras.models import registry
from lrkeras.tasks.keyboard.file_model import FileModel
from lrkeras.tasks.word_prediction import read_history

tool = load_tool("restore_word_teacher")


def test_the_model_does_as_the_file(tmp_path):
    run = tmp_path / "run"
    tool.main([str(run)])
    model = keras.saving.load_model(run / "dense.keras", compile=False)
    tokens = np.random.default_rng(0).integers(0, 10_000, 12)
    expected = FileModel(registry.model_file("word_prediction_teacher", "int8", tool.RELEASED))
    found = model.predict(tokens[None], verbose=0)[0]
    for token, logits in zip(tokens, found, strict=True):
        wanted = expected.feed(int(token))
        # The file rounds what goes into a product to 8 bits, too.
        assert np.abs(logits - wanted).max() < 0.02 * np.ptp(wanted)
    assert len(read_history(run / "dense.history.csv")["val_perplexity"]) == 10
    with pytest.raises(SystemExit, match="has a teacher already"):
        tool.main([str(run)])
