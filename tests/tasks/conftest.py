"""What the tests of the trainings share."""

import keras
import pytest


class PowerCutError(Exception):
    pass


class KillAfter(keras.callbacks.Callback):
    """Stops the process's training in the middle of an epoch, as a power cut would."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.epoch, self.batch = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.now == self.epoch and batch == self.batch:
            raise PowerCutError


@pytest.fixture
def kill(monkeypatch):
    """Calls `train` and stops it after a batch, by a callback beside the module's `_callbacks`."""

    def kill(module, train, *, epoch, batch):
        make, used = module._callbacks, []
        with monkeypatch.context() as patch:
            patch.setattr(
                module,
                "_callbacks",
                lambda *a: used.extend([*make(*a), KillAfter(epoch, batch)]) or used,
            )
            with pytest.raises(PowerCutError):
                train()
        # What the end of the process would have done.
        next(c for c in used if isinstance(c, keras.callbacks.CSVLogger)).csv_file.close()

    return kill
