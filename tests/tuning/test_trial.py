import keras
import numpy as np
import pytest

import lrkeras
from lrkeras.export import ConversionError
from lrkeras.tuning import trial as trial_module
from lrkeras.tuning.candidates import Candidate
from lrkeras.tuning.fine_tuning import DivergedError
from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.trial import Trial, read_model, start_of


def _candidate(**options):
    share = options.pop("share", 1.0)
    return Candidate(Recipe("x", learning_rate=0.01, epochs=2, **options), share=share, fill=1.0)


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        pytest.param({"fresh": True}, 15_000, marks=pytest.mark.slow),
        ({"bits": "int4"}, 13_000),
    ],
)
def test_a_trial_ends_with_a_file_within_the_limit(task, options, limit):
    start = start_of(task, _candidate(**options), limit)
    assert 0.7 * limit < len(start.file) <= limit
    # Four bits are stored in pairs.
    units = start.recipe.units
    assert all(count % 2 == 0 for count in units.values()) if options.get("bits") else units > 1
    trial = Trial(task, start)
    values = []
    while not trial.is_over:
        values.append(trial.epoch())
    result, files = trial.finish()
    assert result["history"] == values and result["bytes"] <= limit
    # Of the epoch that was best; four bits are chosen among epochs that have them.
    best = values[-1] if options.get("bits") else min(values)
    assert result["keras"] == pytest.approx(best, rel=1e-4)
    assert result["quality"] == pytest.approx(result["keras"], rel=0.05)
    model = read_model(files["model.keras"])
    assert task.objective.of_model(model, task.validation) == pytest.approx(best, rel=1e-4)


def test_what_cannot_be_so_small_is_said_to_be(task):
    start = start_of(task, _candidate(), 3_000)
    assert "smallest file that was tried takes" in start.why and not start.file


@pytest.mark.slow
def test_units_make_the_cut_that_matrices_of_a_proposal_cannot(task):
    """A recurrent matrix in doped blocks alone is too little here; a rival stays as it is."""
    recipe = Recipe("doped", structures={"lstm.recurrent": "doped_kronecker"})
    rival = start_of(task, Candidate(recipe, share=0.0, fill=1.0), 12_000)
    assert rival.why and not rival.file
    proposal = Candidate(recipe, share=0.0, fill=1.0, is_proposal=True)
    start = start_of(task, proposal, 12_000)
    assert start.recipe.units and 6_000 < len(start.file) <= 12_000
    assert start.recipe.label == "fewer units, doped"


def test_a_start_that_differs_from_keras_is_trained_all_the_same(task, monkeypatch):
    """Rounded and cut weights may amplify rounding; training mends that."""
    converted, asked = trial_module._converted, []

    def refusing(task, model, bits):
        asked.append(model.get_weights()[0])
        if len(asked) == 1:
            raise ConversionError("Expected the converted file to agree with Keras")
        return converted(task, model, bits)

    whole = start_of(task, Candidate(Recipe("x")), None)
    monkeypatch.setattr(trial_module, "_converted", refusing)
    start = start_of(task, Candidate(Recipe("x")), None)
    assert start.why is None
    weights = [read_model(one.model).get_weights() for one in (start, whole)]
    assert all(map(np.array_equal, *weights))
    assert len(start.file) == len(whole.file) and start.file != whole.file
    assert not np.array_equal(*asked)


def test_a_start_that_nothing_can_write_is_told(task, monkeypatch):
    def refusing(*_):
        raise ConversionError("Expected another layer")

    monkeypatch.setattr(trial_module, "_converted", refusing)
    start = start_of(task, Candidate(Recipe("x")), None)
    assert start.why == "Expected another layer" and not start.file


def test_a_training_that_diverges_is_told(task):
    start = start_of(task, Candidate(Recipe("x", learning_rate=3e38, epochs=2)), None)
    trial = Trial(task, start)
    with pytest.raises(DivergedError, match="diverged"):
        trial.epoch()


def test_the_same_seed_trains_the_same_model(task, trained, examples):
    x, y = examples
    found = []
    for seed in (0, 0, 1):
        content = lrkeras.tuning.fine_tune(
            read_model(task.model),
            (x[:160], y[:160]),
            validation=(x[160:], y[160:]),
            epochs=1,
            seed=seed,
            fresh=True,
        )
        found.append(task.objective.of_model(content, task.validation))
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("named", [True, False])
def test_a_teacher_of_several_outputs_with_a_loss_for_each(named):
    inputs = keras.Input((4, 3))
    hidden = keras.layers.LSTM(5)(inputs)
    outputs = [
        keras.layers.Dense(4, activation="softmax", name="topic")(hidden),
        keras.layers.Dense(1, activation="sigmoid", name="mood")(hidden),
    ]
    model = keras.Model(inputs, outputs)
    losses = {"topic": "sparse_categorical_crossentropy", "mood": "binary_crossentropy"}
    model.compile("adam", losses if named else list(losses.values()))
    teacher = keras.models.clone_model(model)
    x, y = np.ones((8, 4, 3), "float32"), [np.arange(8) % 4, np.ones((8, 1), "float32")]
    values = []
    lrkeras.tuning.fine_tune(
        model,
        (x, y),
        validation=(x, y),
        teacher=teacher,
        epochs=2,
        learning_rate=0.1,
        on_epoch=lambda number, value: values.append(value),
    )
    assert values[1] < values[0]
