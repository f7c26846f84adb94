"""The job of `tools/quickstart.sh`: train two models, convert both, measure them side by side.

`run.py` is the file to read first: it does the job. `report.py` makes the report of it.
"""
