"""A training goes on to the same weights whatever moment its process was killed at."""

import os
import pathlib
import shutil

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras.tasks.training.run_backup import RunBackup, epochs_done, remove_backup
from lrkeras.tasks.training.run_folder import read_history, record_keepers

EPOCHS = 4


class PowerCutError(Exception):
    pass


class CutBefore(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            raise PowerCutError


def train(folder, cut=None):
    """The weights after a training, or those that it was cut at."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(16, 4)), rng.normal(size=(16, 3))
    keepers = record_keepers(folder / "m.history.csv", folder / ".m.backup", write_graph=False)
    keepers = [keeper for keeper in keepers if not isinstance(keeper, keras.callbacks.TensorBoard)]
    options = {"epochs": EPOCHS, "batch_size": 8, "shuffle": False, "verbose": 0}
    options["validation_data"] = x, y
    if cut is None:
        model.fit(x, y, callbacks=keepers, **options)
    else:
        with pytest.raises(PowerCutError):
            model.fit(x, y, callbacks=[CutBefore(cut), *keepers], **options)
        keepers[0].csv_file.close()
    return [to_numpy(weight) for weight in model.weights]


def whole_history(folder):
    return (folder / "m.history.csv").read_text()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return train(folder), whole_history(folder)


def half_a_backup(folder):
    draft = folder / ".m.backup" / ".000003.01234567.draft" / "000003"
    draft.mkdir(parents=True)
    (draft / "latest.weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n half of the weights")


def a_row_without_backup(folder):
    with open(folder / "m.history.csv", "a", newline="") as rows:
        rows.write("2,123.0\r\n")


def half_a_row(folder):
    with open(folder / "m.history.csv", "a", newline="") as rows:
        rows.write("1")  # of 12, or of any


def an_older_backup_as_well(folder):
    shutil.copytree(folder / ".m.backup" / "000002", folder / ".m.backup" / "000001")


@pytest.mark.parametrize(
    "leave", [half_a_backup, a_row_without_backup, half_a_row, an_older_backup_as_well]
)
def test_what_a_kill_leaves_changes_nothing(undisturbed, tmp_path, leave):
    train(tmp_path, cut=2)
    leave(tmp_path)
    assert epochs_done(tmp_path / ".m.backup") == 2
    for expected, weight in zip(undisturbed[0], train(tmp_path), strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert whole_history(tmp_path) == undisturbed[1]
    remove_backup(tmp_path / ".m.backup")
    assert os.listdir(tmp_path) == ["m.history.csv"]


@pytest.mark.parametrize("left", ["heading", "nothing"])
def test_a_kill_in_the_first_epoch_leaves_no_second_heading(undisturbed, tmp_path, left):
    heading = undisturbed[1].split("\n")[0]
    (tmp_path / "m.history.csv").write_text(heading[:9] if left == "heading" else "")
    train(tmp_path)
    assert whole_history(tmp_path) == undisturbed[1]


def test_a_training_that_ended_but_was_not_saved_is_not_trained_again(undisturbed, tmp_path):
    train(tmp_path)
    for expected, weight in zip(undisturbed[0], train(tmp_path), strict=True):
        np.testing.assert_array_equal(weight, expected)
    assert read_history(tmp_path / "m.history.csv")["epoch"] == [0, 1, 2, 3]


def test_a_backup_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch):
    train(tmp_path, cut=2)
    backup = RunBackup(tmp_path / ".m.backup")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    backup.set_model(model)

    def full(self, filepath, overwrite):
        pathlib.Path(filepath).write_bytes(b"half")
        raise OSError(28, "No space left on device", filepath)

    monkeypatch.setattr(keras.Model, "save_weights", full)
    with pytest.raises(OSError, match="No space"):
        backup.on_epoch_end(2)
    assert os.listdir(tmp_path / ".m.backup") == ["000002"]
