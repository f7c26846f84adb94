"""Recipes: data, model, training and report of one task each, reachable as `lrkeras train TASK`."""

from lrkeras.tasks import papers, speech_commands, word_prediction

TASKS = {
    "word_prediction": word_prediction,
    "speech_commands": speech_commands,
    "papers": papers,
}
"""The tasks by the names that `lrkeras train` takes.

A task is a module with `PRESETS` (name -> config) and `train(config, out, *, data, verbose)`.
"""

__all__ = ["TASKS", "papers", "speech_commands", "word_prediction"]
