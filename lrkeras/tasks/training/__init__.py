"""What the trainings of all tasks share: the folder of a run, the optimizer, callbacks, plots.

`run_folder.py` is the file to read first: a run that was stopped goes on from its folder.
"""
