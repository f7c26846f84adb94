"""Runs `train_script.py` in processes with a backend, devices and a cluster of their own."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

_SCRIPT = pathlib.Path(__file__).with_name("train_script.py")
_TIMEOUT = 900  # seconds; some twenty on an idle machine


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """`trained(backend, [(runs, environment), ...])`: what each run wrote, a dict of dicts.

    The processes work at the same time; all are killed when one fails or takes too long.
    """

    def start(folder, backend, runs, environment):
        environment = {
            **os.environ,
            "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "JAX_PLATFORMS": "cpu",
            "CUDA_VISIBLE_DEVICES": "-1",
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
            **environment,
        }
        with open(folder / f"{runs[0]}.log", "w") as log:
            return subprocess.Popen(
                [sys.executable, str(_SCRIPT), str(folder), *runs],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def train(backend, jobs):
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"needs {backend}")
        folder = tmp_path_factory.mktemp(backend)
        processes = [start(folder, backend, runs, environment) for runs, environment in jobs]
        try:
            for process, (runs, _) in zip(processes, jobs, strict=True):
                code = process.wait(timeout=_TIMEOUT)
                assert code == 0, (folder / f"{runs[0]}.log").read_text()[-4000:]
        finally:
            for process in processes:
                process.kill()
                process.wait()
        return {run: dict(np.load(folder / f"{run}.npz")) for runs, _ in jobs for run in runs}

    return train


@pytest.fixture
def assert_same_training():
    """A check that weights agree to float32 rounding and masks exactly."""

    def check(received, expected):
        assert received.keys() == expected.keys()
        assert received["steps"] == expected["steps"] == 10
        masks = [name for name in expected if name.startswith("mask_")]
        assert len(masks) == 1  # of (6 + 8) x 4 * 8 entries
        for name in masks:
            np.testing.assert_array_equal(received[name], expected[name], err_msg=name)
            assert expected[name].sum() == round(0.1 * 14 * 32)
            under = received[name.replace("mask", "values")][~received[name]]
            np.testing.assert_array_equal(under, 0)
        for name in expected:
            if not name.startswith("weight_") or name.endswith(("mask", "dropout_rate")):
                continue
            # Two sums over half a batch round differently from one; weights are near 0.4.
            np.testing.assert_allclose(
                received[name], expected[name], rtol=1e-5, atol=1e-5, err_msg=name
            )
            start = expected[f"initial_{name.split('_')[1]}"]
            assert np.max(np.abs(expected[name] - start)) > 1e-2, f"{name} was not trained"

    return check
