"""`tf.distribute.MultiWorkerMirroredStrategy` with two workers trains as one process does.

`keras.Model.fit` of Keras 3.15 needs some arranging under this strategy (see `train_script.py`):

* The strategy must be made before anything else runs on TensorFlow, and the model be built and
  compiled in its scope.
* The dataset must give single tensors, not pairs of inputs and targets: before the first step
  `fit` asks the strategy for the mean of the batch over the workers, which fails for pairs. The
  targets are packed with the inputs, and `compute_loss` unpacks them.
* What `train_step` returns must have an axis: `fit` takes its mean over axis 0 between workers.

The callbacks need nothing: the gradients are the same on all workers after they were summed, so
the weights are, and each worker computes the same masks.
"""

import json
import socket

import pytest

# Two devices in one process are tested in every run.
pytestmark = pytest.mark.slow


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@pytest.fixture(scope="module")
def results(trained):
    cluster = {"worker": [f"127.0.0.1:{port}" for port in _free_ports(2)]}
    configs = [{"cluster": cluster, "task": {"type": "worker", "index": i}} for i in range(2)]
    workers = [
        ([f"worker_{i}"], {"TF_CONFIG": json.dumps(config)}) for i, config in enumerate(configs)
    ]
    return trained("tensorflow", [(["single"], {}), *workers])


@pytest.mark.parametrize("worker", ["worker_0", "worker_1"])
def test_each_worker_trains_as_a_single_process(results, assert_same_training, worker):
    assert_same_training(results[worker], results["single"])
