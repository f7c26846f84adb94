"""Rows trained at the same time, against the same rows trained one by one."""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import side_by_side_backup
import side_by_side_training
from load_tool import load_tool
from wide_layers import narrowed, widened

from lrkeras.tasks.papers.language_models import training
from lrkeras.tasks.papers.language_models.deployment import embedded_words
from lrkeras.tasks.papers.language_models.rows import config_of

pytest.importorskip("jax", reason="rows are trained side by side on JAX")

ROOT = pathlib.Path(__file__).parents[3]
NAMES = (
    "tiny",
    "tiny_doped_kronecker_4x",
    "tiny_doped_kronecker_4x_dropout0.4",
    "tiny_doped_kronecker_3x_1x4",
    "tiny_pruned_4x_rate0.5",
    "tiny_small_dense_2x",
    "tiny_svd_input_r4",
)
FEW = NAMES[:2]
SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import test_side_by_side as tests
tests.train_both(sys.argv[2])
"""


def runs(folder):
    """Small rows, each in a folder, in the batches in which they are trained."""
    batches = {"noisy": [], "mixed": [], "started": []}
    for name in NAMES:
        config = config_of(name)
        kind, dropout, units = "noisy", (0.2, 0.2, 0.2), 16
        if config.is_started:
            kind, dropout = "started", (0.0, 0.0, 0.0)
        elif config.method in ("small_dense", "pruned"):
            # Of two widths; what drops out of narrow layers is drawn in another shape.
            kind, dropout, units = "mixed", (0.2, 0.0, 0.0), 6 if "dense" in name else 16
        config = dataclasses.replace(
            config,
            num_words=60,
            units=(units, units),
            embedding_dim=16,
            window=5,
            batch_size=4,
            max_tokens=260,
            epochs=2,
            dropout=dropout,
            anneal=(0.1, 0.9),
            output_precision="float32",
            seed=1 if name in ("tiny", NAMES[-1]) else 2,
        )
        start = folder / "tiny" if config.is_started else None
        batches[kind].append(side_by_side_training.Run(config, folder / name, start))
    return [batch for batch in batches.values() if batch]


def stop_after_the_first_epoch(line):
    if line.startswith("epoch 1/2"):
        raise KeyboardInterrupt


def train_both(folder):
    """Trains rows side by side, and one by one, on the backend of this process."""
    folder = pathlib.Path(folder)
    for batch in runs(folder / "together"):
        side_by_side_training.train(batch)
    side_by_side_backup.SECONDS = 0
    batch, lines = runs(folder / "stopped")[0], []
    try:
        side_by_side_training.train(batch, report=stop_after_the_first_epoch)
    except KeyboardInterrupt:
        side_by_side_training.train(batch, report=lines.append)
    (folder / "stopped" / "lines").write_text("\n".join(lines))
    training.measure_deployment = lambda *_: {"skipped": "test"}
    for batch in runs(folder / "alone"):
        for run in batch:
            training.train(run.config, run.out, start=run.start, verbose=0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("side_by_side")
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        # Compiling is most of what it does, and what it trains once more is compiled already.
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(pathlib.Path(__file__).parent), str(folder)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def read(file):
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_row_learns_what_it_learns_alone(trained, name):
    found = read(trained / "together" / name / "measured.json")
    expected = read(trained / "alone" / name / "result.json")
    for key in ("valid_perplexity", "test_perplexity"):
        assert found[key] == pytest.approx(expected[key], rel=1e-5)
        if f"before_tuning_{key}" in expected:
            before = expected[f"before_tuning_{key}"]
            assert found[f"before_tuning_{key}"] == pytest.approx(before, rel=1e-5)
    measured = set(expected["history"]) - {"loss", "val_loss", "seconds", "processor_seconds"}
    for key in measured:
        assert found["history"][key] == pytest.approx(expected["history"][key], rel=1e-4)
    assert {"nats", "val_perplexity", "learning_rate"} <= measured


@pytest.mark.slow
def test_a_training_that_was_stopped_goes_on_to_the_same_weights(trained):
    names = [folder.name for folder in (trained / "stopped").iterdir() if folder.is_dir()]
    assert set(FEW) <= set(names)
    for name in names:
        found, expected = (
            read(trained / folder / name / "measured.json") for folder in ("stopped", "together")
        )
        for measured in (found, expected):
            for key in ("seconds", "processor_seconds"):
                del measured["history"][key]
        assert found["history"] == expected["history"]
        assert found["test_perplexity"] == expected["test_perplexity"]
        files = [trained / folder / name / "recurrent.npz" for folder in ("stopped", "together")]
        if name != "tiny":
            one, other = map(np.load, files)
            assert all(np.array_equal(one[key], other[key]) for key in other.files)
    assert "goes on after epoch 1 of 2" in (trained / "stopped" / "lines").read_text()
    assert not list((trained / "stopped").glob(f"*/*{side_by_side_training.BACKUP_FILE}"))


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FEW, "tiny_small_dense_2x"])
def test_its_weights_are_those_of_the_row_alone(trained, name, monkeypatch):
    seen = []
    monkeypatch.setattr(training, "measure_deployment", lambda *given: seen.extend(given))
    run = next(r for batch in runs(trained / "together") for r in batch if r.out.name == name)
    result = side_by_side_training.finish(run)
    alone = keras.saving.load_model(trained / "alone" / name / "model.keras", compile=False)
    found, expected = (
        [w for layer in training.recurrent_layers_of(m) for w in layer.get_weights()]
        for m in (seen[0], alone)
    )
    for values, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(values, wanted, atol=1e-5)
    if name != "tiny":  # dense: its file is as large and as fast with any weights
        wanted = alone.get_layer("words").embeddings
        ids = training.load_corpus(run.config, None).valid
        np.testing.assert_allclose(seen[2], embedded_words(wanted, ids), atol=1e-5)
        assert seen[2].shape == (1, 64, 16)
    assert json.loads(json.dumps(result)) == read(run.out / "result.json")
    others = read(trained / "alone" / name / "result.json")
    assert result["recurrent"] == others["recurrent"]
    assert set(others) | {"device", "rows_at_once"} == set(result)


@pytest.mark.parametrize("steps", [5, 7])  # with turns of the loop joined, and without
def test_the_scan_has_the_gradients_of_autodiff(steps):
    import jax
    import jax.numpy as jnp
    from lstm_scan import lstm_scan

    def plain(projected, recurrent, h, c):
        outputs = []
        for z in projected:
            i, f, g, o = jnp.split(z + h @ recurrent, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            outputs.append(h)
        return jnp.stack(outputs), h, c

    rng = np.random.default_rng(0)
    shapes = ((steps, 3, 16), (4, 16), (3, 4), (3, 4))
    given = [jnp.asarray(rng.normal(size=shape), "float32") for shape in shapes]
    weights = jnp.asarray(rng.normal(size=(steps, 3, 4)), "float32")
    for found, expected in zip(lstm_scan(*given), plain(*given), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)
    gradients = [
        jax.grad(lambda *a, of=of: jnp.sum(weights * of(*a)[0]), argnums=(0, 1, 2, 3))(*given)
        for of in (lstm_scan, plain)
    ]
    for found, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_losses_have_the_gradients_of_autodiff():
    import jax
    import jax.numpy as jnp

    from lrkeras.tasks.papers.language_models.word_losses_in_jax import word_losses_in_jax

    def plain(hidden, kernel, bias, words, _):
        shares = jax.nn.log_softmax(hidden @ kernel + bias)
        return -jnp.take_along_axis(shares, words[:, None], axis=-1)[:, 0]

    rng = np.random.default_rng(0)
    given = [jnp.asarray(rng.normal(size=shape), "float32") for shape in ((6, 5), (5, 9), (9,))]
    words = jnp.asarray([0, 8, 3, 3, 1, 8])
    weights = jnp.asarray(rng.normal(size=6), "float32")
    gradients = {}
    for name, of, dtype in (
        ("plain", plain, None),
        ("float32", word_losses_in_jax, "float32"),
        ("bfloat16", word_losses_in_jax, "bfloat16"),
    ):
        value = lambda *a, of=of, dtype=dtype: jnp.sum(weights * of(*a, words, dtype))  # noqa: E731
        gradients[name] = [value(*given), *jax.grad(value, argnums=(0, 1, 2))(*given)]
    for name, tolerance in (("float32", 1e-5), ("bfloat16", 0.05)):
        for found, expected in zip(gradients[name], gradients["plain"], strict=True):
            assert found.dtype == jnp.float32
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("gpu", "expected"), [(True, [["a", "b"]]), (False, [["a"], ["b"]])])
def test_a_processor_takes_one_row_at_a_time(gpu, expected, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools" / "papers")
    tool = load_tool("train_papers_side_by_side")
    batches = []
    monkeypatch.setattr(tool, "has_gpu", lambda: gpu)
    monkeypatch.setattr(side_by_side_training, "train", lambda runs, **_: batches.append(runs))
    options = argparse.Namespace(finish=False, data="data")
    tool.train_or_finish([["a", "b"]], options, None)
    assert batches == expected


def test_wide_layers_hold_narrow_ones():
    kernel = np.arange(24.0).reshape(3, 8)  # two units
    wide = widened(kernel, (5, 12))
    assert wide.shape == (5, 12)
    np.testing.assert_array_equal(wide[:3].reshape(3, 4, 3)[..., :2].reshape(3, 8), kernel)
    assert not wide.reshape(5, 4, 3)[..., 2].any()
    assert not wide[3:].any()
    np.testing.assert_array_equal(narrowed(wide, (3, 8)), kernel)


def test_refusals(tmp_path):
    run = runs(tmp_path)[0][0]
    with pytest.raises(RuntimeError, match="KERAS_BACKEND"):
        side_by_side_training.train([run])
    with pytest.raises(FileNotFoundError, match="Train it first"):
        side_by_side_training.finish(run)
    import side_by_side

    other = dataclasses.replace(run.config, batch_size=2, row="other")
    with pytest.raises(ValueError, match="differ in batch_size"):
        side_by_side.check([run.config, other])
    for name in ("ptb_awd", "ptb_rhn_small"):
        with pytest.raises(ValueError, match="lrkeras train"):
            side_by_side.check([config_of(name)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["taught0.5", "pooled"])
def test_what_rows_side_by_side_cannot_do(option, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools" / "papers")
    tool = load_tool("train_papers_side_by_side")
    with pytest.raises(ValueError, match=r"tools/papers/train_papers\.py"):
        tool.runs_of([f"ptb_small_pruned_20x_{option}"], tmp_path)


def test_rows_are_put_together_by_their_schedules(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT / "tools" / "papers")
    tool = load_tool("train_papers_side_by_side")
    rows = (
        "ptb_small_svd_input_r10",
        "ptb_small",
        "ptb_medium",
        "ptb_small_low_rank_20x_rate0.25@2",
        "ptb_small_doped_kronecker_20x_e6",
        "ptb_small_small_dense_20x",
    )
    batches = tool.runs_of(rows, tmp_path)
    assert [[run.out.name for run in batch] for batch in batches] == [
        ["ptb_small", "ptb_small_low_rank_20x_rate0.25.seed2", "ptb_small_small_dense_20x"],
        ["ptb_medium"],
        ["ptb_small_doped_kronecker_20x_e6"],
        ["ptb_small_svd_input_r10"],  # after the dense row from which it starts
    ]
    assert batches[0][1].config.seed == 2
    assert batches[3][0].start == tmp_path / "ptb_small"
    command = ["train_papers_side_by_side.py", f"--out={tmp_path}"]
    for wrong, message in (([], "got none"), (["foo"], "got 'foo'"), (["tiny"], "KERAS_BACKEND")):
        monkeypatch.setattr(sys, "argv", [*command, *wrong])
        with pytest.raises(SystemExit) as stopped:
            tool.main()
        assert message in str(stopped.value.code) + capsys.readouterr().err
    assert not list(tmp_path.iterdir())
