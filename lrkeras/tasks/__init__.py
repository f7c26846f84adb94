"""Recipes, one a task: data, models, training and report.

`lrkeras train TASK` runs `word_prediction` (next words of a keyboard), `speech_commands` (spoken
words and digits) and `papers` (the language models and the speech of the papers' tables).
`keyboard` turns a word model into suggestions, `quickstart` runs a whole example, `textgenrnn`
loads three models that others trained, `training` is what all trainings share. Read
`word_prediction/training.py` first.
"""

from lrkeras.tasks import papers, speech_commands, word_prediction

TASKS = {
    "word_prediction": word_prediction,
    "speech_commands": speech_commands,
    "papers": papers,
}
"""The tasks by the names that `lrkeras train` takes.

A task is a module with `PRESETS` (name -> config) and `train(config, out, *, data, verbose)`; and
with `tunable(config, out, data)`, where its models can be searched from (`--tune`).
"""

__all__ = ["TASKS", "papers", "speech_commands", "word_prediction"]
