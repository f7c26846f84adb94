"""Whole searches from the command line: on one machine, on a cluster, and killed in the middle.

What a search does is tested in little in `test_search.py`, and that Ray's workers do the same in
`test_ray.py`.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import psutil
import pytest

pytestmark = pytest.mark.slow
ray = pytest.importorskip("ray")

TRIALS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of two inputs and two outputs, and its data."""
    rng = np.random.default_rng(0)
    words = rng.integers(1, 200, (360, 8)).astype("int32")
    speaker = rng.normal(size=(360, 3)).astype("float32")
    votes = rng.normal(size=(200, 4))[words].sum(1)
    arrays = {"words": words, "speaker": speaker, "topic": votes.argmax(1)}
    arrays["mood"] = (votes[:, 0] + speaker[:, 0] > 0).astype("float32")[:, None]
    inputs = [
        keras.Input((8,), dtype="int32", name="words"),
        keras.Input((3,), name="speaker"),
    ]
    x = keras.layers.Embedding(200, 32)(inputs[0])
    x = keras.layers.LSTM(48)(x)
    x = keras.layers.Concatenate()([x, inputs[1]])
    outputs = [
        keras.layers.Dense(4, activation="softmax", name="topic")(x),
        keras.layers.Dense(1, activation="sigmoid", name="mood")(x),
    ]
    model = keras.Model(inputs, outputs)
    losses = {"topic": "sparse_categorical_crossentropy", "mood": "binary_crossentropy"}
    model.compile(keras.optimizers.Adam(0.01), losses)
    train = {name: array[:240] for name, array in arrays.items()}
    held_out = {name + "_val": array[240:] for name, array in arrays.items()}
    model.fit(
        [train["words"], train["speaker"]], [train["topic"], train["mood"]], epochs=6, verbose=0
    )
    folder = tmp_path_factory.mktemp("cluster")
    model.save(folder / "model.keras")
    np.savez(folder / "data.npz", **train, **held_out)
    return folder


def _begin(folder, out, *more):
    words = ["tune", "model.keras", "--data", "data.npz", "--out", str(out), "--budget", "32 KB"]
    words += ["--trials", str(TRIALS), "--epochs", "3", "--json", *more]
    code = "import sys; from lrkeras.cli.main import main; sys.exit(main())"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parents[2])},
        start_new_session=True,
    )


def _end(process):
    said, errors = process.communicate(timeout=1500)
    assert process.returncode == 0, errors[-2000:]
    return json.loads(said)["trials"]


@pytest.fixture(scope="module")
def alone(folder, tmp_path_factory):
    """The trials of one process, one after the other."""
    return _end(_begin(folder, tmp_path_factory.mktemp("alone") / "run", "--workers", "1"))


def _same_search(trials, others):
    assert [trial["asked"] for trial in trials] == [other["asked"] for other in others]
    for trial, other in zip(trials, others, strict=True):
        assert trial["state"] == other["state"]
        if trial["state"] == "done":
            assert trial["quality"] == pytest.approx(other["quality"], rel=1e-3)
        assert trial["start_bytes"] == other["start_bytes"]


def test_two_nodes_of_a_cluster_search_as_one_process_does(folder, alone, tmp_path):
    from ray.cluster_utils import Cluster

    assert sum(trial["state"] == "done" for trial in alone) >= TRIALS // 2
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        cluster.add_node(num_cpus=1)
        trials = _end(_begin(folder, tmp_path / "run", "--address", cluster.address))
    finally:
        cluster.shutdown()
    _same_search(alone, trials)


def test_killed_workers_and_a_killed_search_lose_nothing(folder, alone, tmp_path):
    run = tmp_path / "run"
    process = _begin(folder, run, "--workers", "2")
    parts = []
    try:
        victim = _wait_for(lambda: _worker(process), process)
        victim.send_signal(signal.SIGKILL)
        _wait_for(lambda: len(_finished(run)) >= 4, process)
        parts = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.communicate()
    finally:
        process.kill()
        _, alive = psutil.wait_procs(parts, timeout=30)
        for part in alive:
            part.kill()
    before = _finished(run)
    trials = _end(_begin(folder, run, "--workers", "2"))
    after = _finished(run)
    assert {name: after[name] for name in before} == before
    assert len(trials) == len(after) == TRIALS
    _same_search(alone, trials)


def _finished(run):
    """When the result of each trial that is over was written."""
    return {str(f.parent.name): f.stat().st_mtime_ns for f in run.glob("trials/*/result.json")}


def _worker(process):
    for part in psutil.Process(process.pid).children(recursive=True):
        try:
            if "Trainable" in " ".join(part.cmdline()):
                return part
        except psutil.NoSuchProcess:
            continue
    return None


def _wait_for(what, process):
    until = time.monotonic() + 900
    while time.monotonic() < until:
        assert process.poll() is None, process.stderr.read()[-2000:]
        found = what()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("it took too long")
