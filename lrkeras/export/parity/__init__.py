"""The gate: a file is compared with Keras before it gets its name, and refused if it differs.

`check_parity.py`, the file to read first, runs a file in every way that a runtime can, and judges.
`parity_error.py` is how far one is from Keras, `../parity_limits.py` how far one may be,
`comparison_inputs.py` what both are run on, `keras_runs.py` and `file_runs.py` what they give.
"""
