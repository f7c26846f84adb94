"""Running files in Python: `step_runner.py` is what users call, and the file to read first."""
