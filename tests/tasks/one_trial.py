"""One trial of a search, in this process."""

import numpy as np

from lrkeras.export import StepRunner
from lrkeras.tuning.candidates import Candidate
from lrkeras.tuning.objective import Objective
from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.trial import Task, Trial, model_bytes, read_model, start_of
from lrkeras.tuning.tuning_data import TuningData


def run_one_trial(given, path):
    """Makes the model smaller, trains it for an epoch, writes its file; returns a runner of it."""
    content = model_bytes(given.model)
    model = read_model(content)
    goal = Objective.of(model, "val_loss")
    train, valid = (TuningData.of(model, d, "data") for d in (given.train, given.validation))
    task = Task(
        content,
        train,
        valid,
        goal,
        8,
        "auto",
        None,
        0,
        {},
        metadata=given.metadata,
        outputs=given.outputs,
    )
    whole = start_of(task, Candidate(Recipe("whole", learning_rate=1e-3, epochs=1)), None)
    candidate = Candidate(Recipe("fewer", learning_rate=1e-3, epochs=1), share=1.0, fill=1.0)
    overhead = len(whole.file) - whole.weight_bytes
    start = start_of(task, candidate, overhead + 0.7 * whole.weight_bytes, overhead)
    assert start.why is None, start.why
    assert start.params < whole.params
    trial = Trial(task, start)
    trial.epoch()
    result, files = trial.finish()
    assert np.isfinite(result["quality"]) and result["bytes"] < len(whole.file)
    path.write_bytes(files["model.tflite"])
    return StepRunner(path)
