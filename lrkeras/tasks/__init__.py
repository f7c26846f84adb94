"""Recipes: data, model, training and report of one task each, reachable as `lrkeras train TASK`."""

from lrkeras.tasks import speech_commands, word_prediction

# A task is a module with PRESETS (name -> config) and train(config, out, *, data, verbose).
TASKS = {"word_prediction": word_prediction, "speech_commands": speech_commands}

__all__ = ["TASKS", "speech_commands", "word_prediction"]
