"""Runs `train_script.py` once on each backend, both at the same time."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

_SCRIPT = pathlib.Path(__file__).with_name("train_script.py")
_TIMEOUT = 900  # seconds; some twenty on an idle machine


@pytest.fixture(scope="module")
def results(request, tmp_path_factory):
    """What the script wrote: for each backend a dict of arrays."""
    folder = tmp_path_factory.mktemp("backends")
    started = {}
    for backend in ("tensorflow", "jax"):
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"needs {backend}")
        which = "all" if _slow_tests_run(request) else "few"
        started[backend] = _start(backend, folder / f"{backend}.npz", which)
    outputs = {}
    try:
        for backend, process in started.items():
            outputs[backend] = process.communicate(timeout=_TIMEOUT)[0]
    finally:
        for process in started.values():
            process.kill()
            process.communicate()
    for backend, process in started.items():
        assert process.returncode == 0, f"{backend}:\n{outputs[backend]}"
    return {backend: dict(np.load(folder / f"{backend}.npz")) for backend in started}


def _slow_tests_run(request):
    """Whether a test of the file of `request` that is marked as slow was selected."""
    return any(
        item.path == request.path and item.get_closest_marker("slow")
        for item in request.session.items
    )


def _start(backend, path, which):
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # Compiling is most of what the script does on JAX.
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    return subprocess.Popen(
        [sys.executable, str(_SCRIPT), str(path), which],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
