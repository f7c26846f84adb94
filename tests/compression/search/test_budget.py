import itertools
import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from lrkeras import compress, convert, structures
from lrkeras.compression.matrices.selection import auto_families, select
from lrkeras.compression.search import budget_search
from lrkeras.compression.search.budget import Budget
from lrkeras.compression.search.candidate_sizes import CandidateSizes
from lrkeras.compression.search.knapsack import Candidate, allocate
from lrkeras.compression.search.made_up_inputs import made_up_inputs
from lrkeras.compression.search.output_judge import OutputJudge

pytestmark = pytest.mark.sampled


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 MB", ("bytes", 2e6, "float32")),
        ("1.4MB int8", ("bytes", 1.4e6, "int8")),
        ("1 MB int4", ("bytes", 1e6, "int4")),
        ("64 KiB float16", ("bytes", 65536, "float16")),
        ("25x", ("ratio", 25, "float32")),
        ("1.5M params", ("params", 1.5e6, "float32")),
        ("9000 params", ("params", 9000, "float32")),
        ("80 us", ("us", 80, "float32")),
        ("0.5 ms int8", ("us", 500, "int8")),
        ("80 µs", ("us", 80, "float32")),
    ],
)
def test_budgets_in_words(text, expected):
    budget = Budget.parse(text)
    assert (budget.kind, budget.amount, budget.dtype) == expected


@pytest.mark.parametrize("text", ["", "2", "MB", "-3 MB", "0 MB", "2 MB int3", "1x", "2 x y", None])
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(ValueError, match=r"Expected a (budget|ratio)"):
        Budget.parse(text)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 20), st.integers(0, 50)), min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    ),
    st.integers(1, 60),
)
def test_allocation_is_the_best_of_all(numbers, budget):
    options = [[Candidate(None, cost, loss) for cost, loss in found] for found in numbers]
    every = [c for c in itertools.product(*options) if sum(o.cost for o in c) <= budget]
    chosen = allocate(options, budget)
    if not every:
        assert chosen is None
        return
    assert sum(o.cost for o in chosen) <= budget
    assert sum(o.loss for o in chosen) == min(sum(o.loss for o in c) for c in every)


def test_a_large_allocation_is_near_the_best_that_there_may_be():
    """Whatever the machine: the steps are counted, not timed. The bound is that of fractions."""
    rng = np.random.default_rng(0)
    options = []
    for size in 10 ** rng.uniform(3, 6, 120):
        ratios = np.sort(rng.uniform(1, 100, 40))
        losses = size * np.log(ratios) * rng.uniform(0.8, 1.2, 40) / 1e5
        options.append([Candidate(None, size // q, v) for q, v in zip(ratios, losses, strict=True)])
    costs = [[c.cost for c in found] for found in options]
    limit = 0.7 * sum(map(min, costs)) + 0.3 * sum(map(max, costs))
    chosen = allocate(options, limit)
    flat = [c for found in options for c in found]
    owners = np.repeat(np.eye(120), 40, axis=1)
    bound = optimize.linprog(
        [c.loss for c in flat],
        A_ub=[[c.cost for c in flat]],
        b_ub=[limit],
        A_eq=owners,
        b_eq=np.ones(120),
    ).fun
    assert sum(c.cost for c in chosen) <= limit
    assert sum(c.loss for c in chosen) < 1.001 * bound
    assert [id(c) for c in allocate(options, limit)] == [id(c) for c in chosen]


def test_options_rise_in_cost_and_fall_in_loss(stack):
    choice, _ = select(stack, [structures.LowRank(), structures.Monarch()], None, None)
    matrix, families = choice["lstm_1.recurrent"]
    found = CandidateSizes(matrix, "per_gate", Budget.parse("3x")).of(families, 3)
    assert [o.cost for o in found] == sorted({o.cost for o in found})
    losses = [o.loss for o in found]
    assert losses == sorted(losses, reverse=True)
    assert found[-1] == Candidate(None, 32 * 128, 0.0)
    # The loss of a low-rank option, worked out from the singular values.
    option = next(o for o in found if isinstance(o.spec, structures.LowRank))
    rank = int(option.cost) // (4 * 64)
    w = np.asarray(stack.layers[0].cell.recurrent_kernel, np.float64)
    tails = [np.linalg.svd(g, compute_uv=False)[rank:] for g in np.split(w, 4, axis=1)]
    share = np.sum(np.square(tails)) / np.sum(np.square(w))
    assert option.loss == pytest.approx(-np.log(1 - share), rel=1e-5)


def test_family_gets_a_size():
    assert structures.Sparse(block=(1, 4)).resized(8).get_config()["compression"] == 8
    assert structures.LowRank(rank=3).resized(8).get_config().get("rank") is None
    doped = structures.doped("kronecker", density=0.1).resized(9)
    assert doped.parts[1].compression == 9
    free = structures.doped("low_rank", density=0.1).resized(9)
    assert [p.compression for p in free.parts] == [18, 9]
    given = structures.doped(structures.LowRank(rank=3), density=0.1).resized(9)
    assert given.parts[0].get_config()["rank"] == 3
    with pytest.raises(ValueError, match="no size that a budget could choose"):
        structures.Dense().resized(2)


@pytest.mark.parametrize(
    ("budget", "unit"),
    [("3x", "ratio"), ("20 KB", "bytes"), ("8 KB int8", "int8"), ("6000 params", "params")],
)
def test_budget_is_kept_and_used(stack, budget, unit):
    small, report = compress(stack, [structures.LowRank(), structures.Monarch()], budget=budget)
    limits = {"ratio": 3, "bytes": 20_000, "int8": 8_000, "params": 6000}
    actual = {
        "ratio": report.ratio,
        "bytes": report.bytes,
        # Matrices in one byte each, biases and what is not compressed in four.
        "int8": sum(r.params for r in report.matrices)
        + sum(672 if n == "dense.kernel" else 0 for n in report.skipped)
        + 4 * (128 + 96 + 28)
        + sum(
            {"lstm_1.kernel": 2560, "lstm_1.recurrent": 4096}.get(n, 0)
            + {"lstm_2.kernel": 3072, "lstm_2.recurrent": 2304}.get(n, 0)
            for n in report.skipped
        ),
        "params": report.params,
    }[unit]
    assert report.spent == pytest.approx(actual)
    if unit == "ratio":
        assert 3 <= actual < 3.5  # Monarch at one ratio: small matrices have few sizes
    else:
        assert 0.9 * limits[unit] < actual <= limits[unit]
    counted = sum(np.prod(w.shape) for w in small.weights)
    assert report.params == counted


def test_budget_goes_where_it_is_needed(stack, sequences):
    """One matrix has low rank: it needs few parameters, and the others get the rest."""
    cell = stack.get_layer("lstm_1").cell
    rng = np.random.default_rng(0)
    low = rng.normal(size=(32, 2)) @ rng.normal(size=(2, 128)) / 6
    cell.recurrent_kernel.assign(low)
    small, report = compress(stack, [structures.LowRank()], budget="3x", calibration=sequences)
    ratios = {r.name: r.ratio for r in report.matrices}
    assert ratios["lstm_1.recurrent"] == max(ratios.values()) > 1.5 * ratios["lstm_1.kernel"]
    uniform, _ = compress(stack, structures.LowRank(compression=2.75), calibration=sequences)
    assert np.sum([np.prod(w.shape) for w in uniform.weights]) <= 1.02 * report.params
    found = [
        np.square(numbers(m(sequences)) - numbers(stack(sequences))).sum() for m in (small, uniform)
    ]
    assert found[0] < 0.9 * found[1]


def test_matrices_that_may_not_change_count_in_the_type_of_the_budget():
    """161,674 weights in one byte each, biases in four: 150 KB leave room for the embedding."""
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(1000, 118, name="embedding"),
            keras.layers.GRU(72, name="gru"),
            keras.layers.Dense(30, name="dense"),
        ]
    )
    biases = 2 * 3 * 72 + 30  # a GRU of Keras has two rows of them
    matrices = 118_000 + 3 * 72 * (118 + 72) + 72 * 30
    _, report = compress(
        model, "low_rank", exclude="embedding", budget="140 KB int8", reorder_units=False
    )
    left = sum(r.params for r in report.matrices)
    kept = {"gru.kernel": 118 * 216, "gru.recurrent": 72 * 216, "dense.kernel": 72 * 30}
    left += sum(size for name, size in kept.items() if name in report.skipped)
    assert report.spent == 118_000 + left + 4 * biases
    assert 136_000 < report.spent <= 140_000
    with pytest.raises(ValueError, match=f"it takes {matrices + 4 * biases:,}"):
        compress(model, "low_rank", exclude="embedding", budget="170 KB int8")


def numbers(x):
    return np.asarray(keras.ops.convert_to_numpy(x), np.float64)


def test_a_budget_of_four_bits_is_that_of_the_file(tmp_path):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, 128))
    hidden = keras.layers.LSTM(128, return_sequences=True, name="lstm")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(64, name="dense")(hidden))
    small, report = compress(model, structures.LowRank(), budget="40 KB int4")
    assert 36e3 < report.spent <= 40e3
    file = convert(small, tmp_path / "small.tflite", quantize="int4")
    stored = sum(
        count * {"int4": 0.5, "int8": 1, "int32": 0, "float32": 4}[kind]
        for kind, count in file.weights.items()
    )
    assert stored == pytest.approx(report.spent, rel=0.1)  # with a scale for each output


def test_what_files_hold_in_eight_bits_counts_as_that():
    kronecker, low_rank = structures.Kronecker(), structures.LowRank(rank=2)
    both = kronecker + low_rank
    for structure in (kronecker, low_rank, both):
        structure.build((16, 16))
    assert kronecker.num_bytes("int4") == kronecker.num_bytes("int8") == kronecker.num_params
    assert low_rank.num_bytes("int4") == low_rank.num_params / 2
    assert both.num_bytes("int4") == kronecker.num_params + low_rank.num_params / 2


def test_calibrated_budget_measures_the_outputs(stack, sequences):
    """A matrix whose outputs are multiplied by almost nothing may lose everything."""
    kernel = numbers(stack.get_layer("lstm_2").cell.kernel)
    stack.get_layer("lstm_2").cell.kernel.assign(1e-4 * kernel)
    _, report = compress(stack, [structures.LowRank()], budget="4x", calibration=sequences)
    first = next(r for r in report.matrices if r.name == "lstm_1.recurrent")
    last = [r for r in report.matrices if r.name == "dense.kernel"]
    assert first.ratio > 10
    assert not last or last[0].ratio < first.ratio


def test_a_calibrated_budget_is_never_behind_the_same_cut_for_all(stack, sequences):
    stacked = {"calibration": sequences, "gate_layout": "stacked"}
    alike, report = compress(stack, structures.LowRank(compression=4), **stacked)
    small, _ = compress(stack, [structures.LowRank()], budget=f"{report.ratio}x", **stacked)
    wanted = stack.predict(sequences, verbose=0)
    moved, moved_alike = (
        np.square(m.predict(sequences, verbose=0) - wanted).sum() for m in (small, alike)
    )
    assert moved <= 1.05 * moved_alike


@pytest.mark.slow
@pytest.mark.parametrize("calibrated", [True, False])
def test_auto_is_never_behind_any_family_cut_alike(calibrated):
    """Judged by the outputs on the inputs that it knows, or made up; here of a trained model."""
    rng = np.random.default_rng(0)
    chain = rng.dirichlet(np.full(40, 0.05), size=40)  # what follows what
    ids = np.zeros((192, 13), int)
    for t in range(1, 13):
        drawn = rng.random((192, 1))
        ids[:, t] = np.minimum((chain[ids[:, t - 1]].cumsum(-1) < drawn).sum(-1), 39)
    model = keras.Sequential(
        [
            keras.Input((12,), dtype="int32"),
            keras.layers.Embedding(40, 24),
            keras.layers.LSTM(32, return_sequences=True),
            keras.layers.Dense(40, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(ids[:, :-1], ids[:, 1:], epochs=15, verbose=0)
    examples = ids[:96, :-1] if calibrated else None
    inputs = [examples] if calibrated else made_up_inputs(model)
    judge = OutputJudge(model, inputs)
    auto, report = compress(model, "auto", budget="4x", calibration=examples)
    assert report.ratio >= 4
    moved = judge.moved_by_model(auto)
    for family in auto_families():
        alike, other = compress(model, family.resized(4.1), calibration=examples)
        if other.ratio > 0.98 * report.ratio:
            assert moved <= 1.02 * judge.moved_by_model(alike), family
    # On what the chain goes on with, which neither has seen, too.
    low_rank, _ = compress(model, structures.LowRank(compression=4.1), calibration=examples)
    losses = [m.evaluate(ids[96:, :-1], ids[96:, 1:], verbose=0) for m in (auto, low_rank)]
    assert losses[0] <= losses[1]


def test_without_known_inputs_every_matrix_is_cut_alike():
    @keras.saving.register_keras_serializable(package="tests")
    class Plain(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.lstm, self.end = keras.layers.LSTM(32, name="lstm"), keras.layers.Dense(40)

        def build(self, shape):
            self.lstm.build(shape)
            self.end.build((None, 32))

        def call(self, x):
            return self.end(self.lstm(x))

    model = Plain()
    model(np.zeros((1, 5, 24), "float32"))
    _, report = compress(model, "auto", budget="3x")
    assert report.ratio >= 3
    kinds = {row.structure.removeprefix("4 x (").rstrip(")") for row in report.matrices}
    assert len(report.matrices) == 3
    assert len(kinds) == 1
    assert "inputs are not known" in report.notes[-1]


def test_progress_is_shown_and_nothing_else(stack, sequences, capsys, monkeypatch):
    seen = []

    def track(items, what):
        seen.append(what)
        return items

    compress(stack, [structures.LowRank()], budget="3x", calibration=sequences, track=track)
    assert seen == ["trying sizes", "measuring sensitivity", "comparing choices", "fitting"]
    assert capsys.readouterr().out == ""
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal that can draw bars
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("rich._console", None)  # one made before this knows of no terminal
    # However short the loops are: without the refreshes that come at intervals.
    monkeypatch.setattr("rich.live._RefreshThread.run", lambda self: None)
    compress(stack, [structures.LowRank()], budget="3x", verbose=True)
    assert "comparing choices" in capsys.readouterr().out


@pytest.mark.slow
def test_batches_that_come_once_serve_the_whole_search(stack, sequences):
    arrays, once = (
        compress(stack, [structures.LowRank()], budget="4x", calibration=calibration)
        for calibration in (sequences, (sequences[i : i + 8] for i in (0, 8)))
    )
    assert [r.params for r in once[1].matrices] == [r.params for r in arrays[1].matrices]
    difference = numbers(once[0](sequences)) - numbers(arrays[0](sequences))
    assert np.abs(difference).max() < 1e-4


def test_max_loss(stack, sequences):
    data = (sequences, numbers(stack(sequences)))
    middle, _ = compress(stack, [structures.LowRank()], budget="3x")
    limit = middle.evaluate(*data, verbose=0)
    small, report = compress(stack, [structures.LowRank()], max_loss=limit, validation=data)
    loss = small.evaluate(*data, verbose=0)
    assert loss <= limit * (1 + 1e-6)
    assert report.spent == pytest.approx(loss, rel=1e-3)
    assert report.ratio > 2
    with pytest.raises(ValueError, match="No smaller model was found"):
        compress(stack, [structures.LowRank()], max_loss=1e-12, validation=data)


def test_a_budget_of_time_goes_by_the_time_of_a_step(stack, monkeypatch):
    """With a clock that counts numbers; the next test has a real one."""
    monkeypatch.setattr(
        budget_search, "step_time", lambda model, quantize=None: model.count_params()
    )
    limit = 0.6 * stack.count_params()
    small, report = compress(stack, [structures.LowRank()], budget=f"{limit} us")
    assert 0.8 * limit < small.count_params() <= limit
    assert report.spent == small.count_params() and "us a step" in report.budget
    with pytest.raises(ValueError, match="below what is possible"):
        compress(stack, [structures.LowRank()], budget="1 us")
    with pytest.raises(ValueError, match="within the budget"):
        compress(stack, [structures.LowRank()], budget=f"{2 * stack.count_params()} us")


@pytest.mark.slow
def test_budget_of_time():
    model = keras.Sequential(
        [keras.Input((None, 256)), keras.layers.LSTM(384, name="lstm", return_sequences=True)]
    )
    from lrkeras.benchmark.step_time import step_time

    limit = round(0.6 * step_time(model), 1)
    _, report = compress(model, [structures.LowRank()], budget=f"{limit} us")
    assert report.spent <= limit
    assert "us a step" in report.budget
    assert 1.5 < report.ratio < 100
    with pytest.raises(ValueError, match="below what is possible"):
        compress(model, [structures.LowRank()], budget="0.01 us")
    with pytest.raises(ValueError, match="within the budget"):
        compress(model, [structures.LowRank()], budget="900 ms")


def test_report_renders_saves_and_draws(stack, tmp_path):
    from rich.console import Console

    _, report = compress(stack, structures.doped("kronecker", density=0.1), include="lstm*")
    content = json.loads(report.to_json())
    assert content["matrices"][0]["name"] == "lstm_1.kernel"
    row = report.matrices[1]
    w = numbers(stack.layers[0].cell.recurrent_kernel)
    values = np.linalg.svd(w, compute_uv=False)
    assert row.singular_values[4] == pytest.approx(values[3] / values[0], rel=1e-4)
    assert row.dense_norms["l1"] == pytest.approx(np.abs(w).sum(axis=1).max())
    nuclear = values.sum() / np.sqrt(32) / np.linalg.norm(w)
    assert row.dense_norms["nuclear"] == pytest.approx(nuclear, rel=1e-4)
    sums = np.abs(w).sum(axis=1)
    assert row.dense_norms["l1_spread"] == pytest.approx(sums.std() / sums.mean())
    # 51 blocks of one entry a gate at 10 %, a column of one byte each, and 33 offsets.
    kept = round(0.1 * 32 * 32)
    assert row.bytes - 4 * row.params == 4 * (kept + 33)
    assert content["ratio_with_indices"] < content["ratio"]
    console = Console(record=True, width=120)
    console.print(report.render())
    text = console.export_text()
    assert "lstm_1.kernel" in text
    assert "left as it was: dense.kernel" in text
    report.plot(tmp_path / "report.png")
    assert (tmp_path / "report.png").read_bytes()[:4] == b"\x89PNG"


def wide_model():
    """Half of the units of both layers do next to nothing, all others are unlike each other."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((12, 16)),
            keras.layers.LSTM(64, return_sequences=True, name="lstm"),
            keras.layers.LSTM(64, name="last"),
            keras.layers.Dense(8, activation="softmax", name="dense"),
        ]
    )
    lstm, last, dense = model.layers
    small = np.where(np.arange(64) % 2, 1.0, 1e-3)
    for layer, name in ((last, "kernel"), (lstm, "recurrent_kernel"), (last, "recurrent_kernel")):
        weight = getattr(layer.cell, name)
        weight.assign(numbers(weight) * small[:, None])
    dense.kernel.assign(numbers(dense.kernel) * small[:, None] * 20)
    return model


@pytest.mark.parametrize("budget", ["2.5x", "10 KB int4"])
def test_auto_takes_fewer_units_where_these_are_ahead(budget, tmp_path):
    model = wide_model()
    x = np.random.default_rng(0).normal(size=(64, 12, 16)).astype("float32")
    small, report = compress(model, "auto", budget=budget, calibration=x)
    assert report.units is not None
    assert all(row.after < row.before for row in report.units.units)
    assert report.matrices == []
    assert all(type(layer).__module__.startswith("keras.") for layer in small.layers)
    assert np.abs(numbers(small(x)) - numbers(model(x))).max() < 0.05
    parsed = Budget.parse(budget)
    if parsed.kind == "ratio":
        assert report.spent == report.ratio >= parsed.amount
    else:
        assert report.spent <= parsed.amount
    report.plot(tmp_path / "plot.png")
    assert json.loads(report.to_json())["units"]["units"]


def test_units_stay_where_only_some_matrices_are_meant():
    x = np.random.default_rng(0).normal(size=(64, 12, 16)).astype("float32")
    _, report = compress(wide_model(), "auto", budget="1.2x", include="last.kernel", calibration=x)
    assert report.units is None
    assert [row.name for row in report.matrices] == ["last.kernel"]
