"""The job of `tools/quickstart.sh`: train two models, convert both, measure them side by side.

`run.py` does it, and `report.py` tells what came out.
"""
