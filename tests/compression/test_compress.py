import json

import keras
import numpy as np
import pytest

import lrkeras
from lrkeras import compress, layers, structures

pytestmark = pytest.mark.sampled

L = keras.layers


def outputs(model, x):
    return numbers(model(x, training=False))


def numbers(x):
    return np.asarray(keras.ops.convert_to_numpy(x), np.float64)


def row(report, name):
    return next(r for r in report.matrices if r.name == name)


def test_names_of_all_matrices(every_kind):
    _, report = compress(every_kind, structures.LowRank(compression=2.5))
    assert [r.name for r in report.matrices] == [
        "embedding.embeddings",
        "lstm.kernel",
        "lstm.recurrent",
        "both/forward_gru.kernel",
        "both/forward_gru.recurrent",
        "both/backward_gru.kernel",
        "both/backward_gru.recurrent",
        "simple.kernel",
        "simple.recurrent",
        "rnn/cell.kernel",
        "rnn/cell.recurrent",
        "each/inner.kernel",
        "einsum.kernel",
        "out.kernel",
    ]
    assert report.skipped == {"norm": "unsupported: BatchNormalization has no matrix that is known"}


def test_low_rank_is_the_optimum_of_numpy(stack):
    small, report = compress(stack, structures.LowRank(rank=5))
    w = numbers(stack.get_layer("lstm_1").cell.recurrent_kernel)
    tails = [np.linalg.svd(g, compute_uv=False)[5:] for g in np.split(w, 4, axis=1)]
    error = np.sqrt(np.sum(np.square(tails))) / np.linalg.norm(w)
    found = row(report, "lstm_1.recurrent")
    assert found.error == pytest.approx(error, rel=1e-5)
    assert found.params == 4 * 5 * (32 + 32)
    assert found.structure == "4 x (LowRank)"
    fitted = numbers(small.get_layer("lstm_1").cell.recurrent_kernel)
    assert np.linalg.norm(w - fitted) / np.linalg.norm(w) == pytest.approx(error, rel=1e-5)


def test_kronecker_is_the_optimum_of_the_rearrangement(stack):
    spec = structures.Kronecker(factors=((4, 5), (7, 6)))
    stack.layers[-1].kernel.assign(np.random.default_rng(5).normal(size=(24, 28)))
    spec = structures.Kronecker(factors=((4, 4), (7, 6)))
    _, report = compress(stack, {"dense": spec})
    # W^T = A (x) B: every (7, 6) block of the 28 x 24 matrix is a multiple of B.
    blocks = numbers(stack.layers[-1].kernel).T.reshape(4, 7, 4, 6).transpose(0, 2, 1, 3)
    tail = np.linalg.svd(blocks.reshape(16, 42), compute_uv=False)[1:]
    expected = np.linalg.norm(tail) / np.linalg.norm(blocks)
    assert row(report, "dense.kernel").error == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gate_layout", ["per_gate", "stacked"])
def test_full_rank_reproduces_the_model(stack, sequences, gate_layout):
    what = {
        "*.recurrent": structures.LowRank(rank={"per_gate": 24, "stacked": 24}[gate_layout]),
        "dense": structures.Sparse(density=1),
        "*": structures.Hybrid(compression=1.2),
    }
    small, report = compress(
        stack, what, include=["lstm_2.recurrent", "dense"], gate_layout=gate_layout
    )
    assert len(report.matrices) == 2
    np.testing.assert_allclose(outputs(small, sequences), outputs(stack, sequences), atol=2e-6)


def test_every_layer_computes_what_its_matrices_say(every_kind, tokens):
    """Keras's own layers, given the fitted matrices, give the outputs of the compressed ones."""
    small, _ = compress(every_kind, structures.Monarch(compression=1.5))
    plain = lrkeras.merge(small)
    assert all(type(layer).__module__.startswith("keras.") for layer in plain.layers)
    np.testing.assert_allclose(outputs(plain, tokens), outputs(small, tokens), atol=1e-6)
    assert np.abs(outputs(small, tokens) - outputs(every_kind, tokens)).max() > 1e-3


def test_some_layers_alone_are_merged(stack, sequences):
    small, _ = compress(stack, structures.LowRank(rank=2), include=["lstm_*"])
    plain = lrkeras.merge(small, "lstm_2")
    kinds = [type(plain.get_layer(name)).__module__ for name in ("lstm_1", "lstm_2")]
    assert kinds[0].startswith("lrkeras.") and kinds[1].startswith("keras.")
    np.testing.assert_allclose(outputs(plain, sequences), outputs(small, sequences), atol=1e-6)
    with pytest.raises(ValueError, match=r"'lstm_22'. Did you mean 'lstm_2'\? The model has: "):
        lrkeras.merge(small, ["lstm_1", "lstm_22"])


def test_the_model_is_not_changed(stack, sequences):
    before, config = stack.get_weights(), json.dumps(stack.get_config(), default=str)
    compress(stack, structures.doped(structures.LowRank(rank=2), density=0.1, block=(1, 16)))
    compress(stack, "low_rank", calibration=sequences)
    for a, b in zip(before, stack.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert json.dumps(stack.get_config(), default=str) == config
    assert stack.compiled


def test_mapping_first_match_counts_and_the_rest_is_left(stack):
    what = {
        "lstm_1.recurrent": structures.Hybrid(rank=4),
        "*.recurrent": structures.LowRank(rank=3),
        "dense": None,
        "lstm_2": structures.Monarch(),
    }
    small, report = compress(stack, what, reorder_units=False)
    assert {r.name: r.structure for r in report.matrices} == {
        "lstm_1.recurrent": "4 x (Hybrid)",
        "lstm_2.kernel": "4 x (Monarch)",
        "lstm_2.recurrent": "4 x (LowRank)",
    }
    assert report.skipped == {
        "lstm_1.kernel": "no structure was given for it",
        "dense.kernel": "no structure was given for it",
    }
    cell = small.get_layer("lstm_1").cell
    np.testing.assert_array_equal(
        numbers(cell.kernel), numbers(stack.get_layer("lstm_1").cell.kernel)
    )


def test_joint_takes_the_place_of_both(stack):
    _, report = compress(stack, {"lstm_1.joint": "low_rank", "*": structures.LowRank(rank=2)})
    names = [r.name for r in report.matrices]
    assert names == ["lstm_1.joint", "lstm_2.kernel", "lstm_2.recurrent", "dense.kernel"]
    assert row(report, "lstm_1.joint").shape == (52, 128)


def test_include_and_exclude(stack):
    what = structures.LowRank(rank=2)
    _, report = compress(stack, what, include="lstm_*", exclude=["*.recurrent"])
    assert [r.name for r in report.matrices] == ["lstm_1.kernel", "lstm_2.kernel"]
    assert report.skipped["dense.kernel"] == "excluded: not in `include`"
    assert report.skipped["lstm_1.recurrent"] == "excluded: in `exclude`"


def test_shared_layers_and_inner_models_stay_shared():
    shared = L.LSTM(32, return_sequences=True, name="shared")
    first, second = keras.Input((5, 24), name="first"), keras.Input((5, 24), name="second")
    inner_input = keras.Input((5, 32))
    inner = keras.Model(inner_input, L.GRU(32, name="gru")(inner_input), name="inner")
    y = L.Concatenate()([inner(shared(first)), inner(shared(second))])
    model = keras.Model({"first": first, "second": second}, L.Dense(4, name="dense")(y))
    small, report = compress(model, structures.LowRank(rank=4))
    assert [r.name for r in report.matrices] == [
        "shared.kernel",
        "shared.recurrent",
        "inner/gru.kernel",
        "inner/gru.recurrent",
    ]
    assert "too small" in report.skipped["dense.kernel"]
    stored = 4 * 4 * (24 + 32) + 4 * 4 * 64 + 128  # counted once
    assert sum(r.params for r in report.matrices[:2]) + 128 == stored
    data = {k: np.random.default_rng(0).normal(size=(3, 5, 24)) for k in ("first", "second")}
    plain = lrkeras.merge(small)
    np.testing.assert_allclose(outputs(plain, data), outputs(small, data), atol=1e-6)
    assert len(small.layers) == len(model.layers)


def test_tied_table_stays_tied():
    tokens = keras.Input((5,), dtype="int32")
    table = L.ReversibleEmbedding(50, 24, name="table")
    x = L.LSTM(24, return_sequences=True, name="lstm")(table(tokens))
    model = keras.Model(tokens, table(x, reverse=True))
    small, report = compress(model, structures.LowRank(rank=6), include="table")
    assert row(report, "table.embeddings").params == 6 * (50 + 24)
    ids = np.random.default_rng(0).integers(0, 50, (4, 5))
    w = numbers(small.get_layer("table").embeddings)
    lstm = keras.Model(small.input, small.get_layer("lstm").output)
    expected = outputs(lstm, ids) @ w.T
    np.testing.assert_allclose(outputs(small, ids), expected, atol=1e-6)


@keras.saving.register_keras_serializable(package="tests")
class Tagger(keras.Model):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.recurrent = [L.LSTM(units, return_sequences=True, name=f"r{i}") for i in range(2)]
        self.output_layer = L.Dense(20, name="output_layer")

    def call(self, x):
        for layer in self.recurrent:
            x = layer(x)
        return self.output_layer(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_subclassed_model(sequences):
    model = Tagger()
    model(sequences)
    small, report = compress(model, structures.LowRank(rank=32), include="r*.recurrent")
    assert [r.name for r in report.matrices] == ["r0.recurrent", "r1.recurrent"]
    assert isinstance(small, Tagger) and small is not model
    assert [type(layer) for layer in small.layers] == [layers.LSTM, layers.LSTM, L.Dense]
    np.testing.assert_allclose(outputs(small, sequences), outputs(model, sequences), atol=1e-5)


def test_our_own_layers_are_recompressed():
    model = keras.Sequential(
        [
            keras.Input((6, 24)),
            layers.LSTM(32, return_sequences=True, joint_structure="monarch", name="joint"),
            layers.GRU(32, return_sequences=True, kernel_structure="low_rank", name="gru"),
            layers.RHN(32, return_sequences=True, depth=3, name="rhn"),
            layers.LSTM(40, return_sequences=True, projection_units=16, name="lstmp"),
        ]
    )
    x = np.random.default_rng(0).normal(size=(3, 6, 24)).astype("float32")
    small, report = compress(
        model, {"gru.recurrent": structures.LowRank(rank=32), "lstmp.kernel": "low_rank"}
    )
    # What was not named keeps its structure and its weights.
    assert small.get_layer("gru").cell.kernel_structure is not None
    assert small.get_layer("joint").cell.joint_structure is not None
    exact, _ = compress(model, structures.LowRank(rank=32), include="rhn.recurrent")
    np.testing.assert_allclose(outputs(exact, x), outputs(model, x), atol=1e-5)
    again, report = compress(
        model, {"joint": structures.LowRank(rank=2), "rhn.recurrent": structures.Monarch(rank=2)}
    )
    assert row(report, "joint.joint").dense_params < 56 * 128
    assert row(report, "rhn.recurrent").shape == (32, 3 * 64)
    plain = lrkeras.merge(again)
    assert type(plain.get_layer("joint")) is L.LSTM
    assert type(plain.get_layer("lstmp")) is layers.LSTM
    np.testing.assert_allclose(outputs(plain, x), outputs(again, x), atol=1e-6)


def test_stacked_cells():
    cells = L.StackedRNNCells([L.LSTMCell(32, name="a"), L.GRUCell(24, name="b")], name="cells")
    model = keras.Sequential([keras.Input((6, 20)), L.RNN(cells, name="rnn")])
    small, report = compress(model, structures.LowRank(rank=24), include="*b.recurrent")
    assert [r.name for r in report.matrices] == ["rnn/cells/b.recurrent"]
    x = np.random.default_rng(0).normal(size=(3, 6, 20)).astype("float32")
    np.testing.assert_allclose(outputs(small, x), outputs(model, x), atol=1e-5)


def test_what_is_skipped_and_why(stack):
    class Mine(L.LSTM):
        pass

    model = keras.Sequential(
        [
            keras.Input((7, 40)),
            Mine(16, return_sequences=True, name="mine"),
            L.Dense(64, kernel_constraint="non_neg", name="bound"),
            L.Dense(10, name="wide"),
            L.Dense(3, name="little"),
        ]
    )
    _, report = compress(model, structures.LowRank(rank=8))
    assert [r.name for r in report.matrices] == ["wide.kernel"]
    assert report.skipped == {
        "mine": "unsupported: Mine has no matrix that is known",
        "bound.kernel": "protected: its kernel_constraint needs the whole matrix",
        "little.kernel": "too small: 30 entries, fewer than 512",
    }
    _, report = compress(model, {"wide": structures.LowRank(rank=4), "bound": "low_rank"})
    assert "protected" in report.skipped["bound.kernel"]
    with pytest.raises(ValueError, match="would grow: 780 parameters instead of 640"):
        compress(model, {"wide": structures.Kronecker(terms=15, factors=((5, 4), (2, 16)))})


def test_toeplitz_like_is_refused_by_the_side_of_what_is_fitted(stack, monkeypatch):
    """Each gate of an LSTM of 32 units takes a square matrix of side 32, all of them one of 128."""
    monkeypatch.setattr("lrkeras.compression.matrices.weight_matrix._LARGEST_SIDE", 40)
    spec = structures.ToeplitzLike(2)
    _, report = compress(stack, {"lstm_1.recurrent": spec})
    assert [row.name for row in report.matrices] == ["lstm_1.recurrent"]
    with pytest.raises(ValueError, match="square matrix of side 128"):
        compress(stack, {"lstm_1.recurrent": spec}, gate_layout="stacked")


def test_shared_projection_is_the_joint_optimum(stack):
    """One projection for the matrices that multiply the hidden state of the first layer."""
    spec = structures.SharedLowRank(rank=6, group="h1")
    small, report = compress(stack, {"lstm_1.recurrent": spec, "lstm_2.kernel": spec})
    w = np.concatenate(
        [
            numbers(stack.get_layer("lstm_1").cell.recurrent_kernel),
            numbers(stack.get_layer("lstm_2").cell.kernel),
        ],
        axis=1,
    )
    fitted = np.concatenate(
        [
            numbers(small.get_layer("lstm_1").cell.recurrent_kernel),
            numbers(small.get_layer("lstm_2").cell.kernel),
        ],
        axis=1,
    )
    optimum = np.linalg.norm(np.linalg.svd(w, compute_uv=False)[6:])
    assert np.linalg.norm(w - fitted) == pytest.approx(optimum, rel=1e-4)
    assert sum(r.params for r in report.matrices) == 6 * 32 + 6 * (128 + 96)


def test_saves_loads_and_fine_tunes(stack, sequences, tmp_path):
    small, _ = compress(stack, structures.LowRank(rank=3))
    targets = outputs(stack, sequences)
    before = small.evaluate(sequences, targets, verbose=0)
    assert isinstance(small.optimizer, keras.optimizers.Adam)
    small.fit(sequences, targets, epochs=5, verbose=0)
    assert small.evaluate(sequences, targets, verbose=0) < before
    small.save(tmp_path / "small.keras")
    loaded = keras.models.load_model(tmp_path / "small.keras")
    for a, b in zip(small.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(outputs(small, sequences), outputs(loaded, sequences))


def test_same_seed_same_model(stack):
    spec = structures.doped("kronecker", density=0.1)
    first, second = (compress(stack, spec, seed=3)[0] for _ in range(2))
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_compressed_model_converts(stack, sequences, tmp_path):
    small, _ = compress(stack, {"*.joint": structures.LowRank(rank=4), "dense": "low_rank"})
    lrkeras.convert(small, tmp_path / "small.tflite")
    got = lrkeras.StepRunner(tmp_path / "small.tflite").run(sequences[0])
    np.testing.assert_allclose(got[0], outputs(small, sequences[:1])[0], atol=1e-5)


# --- refusals ---


def test_lambda_is_refused():
    model = keras.Sequential([keras.Input((5, 32)), L.Lambda(lambda x: x, name="f"), L.LSTM(32)])
    with pytest.raises(ValueError, match="Lambda layers, received `f`"):
        compress(model, "low_rank")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_named(stack, bad):
    kernel = numbers(stack.get_layer("dense").kernel)
    kernel[2, 3] = bad
    stack.get_layer("dense").kernel.assign(kernel)
    with pytest.raises(ValueError, match=r"dense/kernel \(1 of 672\)"):
        compress(stack, "low_rank")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"what": {"lstm_3": "low_rank"}}, r"no matrix is called 'lstm_3'. Did you mean 'lstm_"),
        ({"what": "low_rank", "include": "x*"}, r"lstm_1.kernel, lstm_1.recurrent"),
        ({"what": "low_rank", "exclude": ["nothing"]}, "`exclude`: no matrix is called"),
        ({"what": "low_ronk"}, 'Did you mean "low_rank"'),
        ({"what": {}}, "empty mapping"),
        ({"what": "auto"}, "need a `budget` or `max_loss`"),
        ({"what": "low_rank", "method": "nmf"}, "Expected `method` to be one of"),
        ({"what": "low_rank", "gate_layout": "rows"}, "Expected `gate_layout`"),
        ({"what": "auto", "budget": "2 lightyears"}, "Expected a budget such as"),
        (
            {"what": ["low_rank"], "budget": "10 B"},
            "smallest model that these structures make takes",
        ),
        ({"what": ["low_rank"], "budget": "9 GB"}, "within the budget"),
        ({"what": "auto", "budget": "4x", "max_loss": 1.0}, "either `budget` or `max_loss`"),
        ({"what": ["low_rank"], "max_loss": 1.0}, "needs `validation`"),
        ({"what": structures.Dense(), "budget": "3x"}, "no size that a budget could choose"),
        ({"what": structures.LowRank(rank=500)}, "must be between 1 and"),
        ({"what": None}, "Expected a structure"),
    ],
)
def test_bad_arguments_are_refused(stack, arguments, message):
    with pytest.raises(ValueError, match=message):
        compress(stack, **arguments)


def test_what_is_no_model_or_not_built_is_refused():
    with pytest.raises(ValueError, match=r"Expected a keras.Model, received str"):
        compress("model.keras", "low_rank")
    with pytest.raises(ValueError, match="Expected a built model"):
        compress(keras.Sequential([L.LSTM(4)]), "low_rank")
    convolution = keras.Sequential([keras.Input((8, 4)), L.Conv1D(3, 2)])
    with pytest.raises(ValueError, match=r"no matrix that can be compressed.*Conv1D"):
        compress(convolution, "low_rank")
