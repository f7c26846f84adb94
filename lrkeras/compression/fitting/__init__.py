"""Structures that come as near to a given matrix as they can.

`fit.py` is the file to read first; the fits themselves are methods of the structures.
`calibration.py` measures on examples which inputs of a matrix are large, and `second_moments.py`
says what an error then costs.
"""
