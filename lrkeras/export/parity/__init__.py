"""The gate: a file is compared with Keras before it gets its name, and refused if it differs.

`check_parity.py`, the file to read first, runs a file in every way that a runtime can, and judges.
`parity_limits.py` is how far a file may be from Keras, `parity_error.py` how far one is,
`comparison_inputs.py` what both are run on, `keras_runs.py` and `file_runs.py` what they give.
"""
