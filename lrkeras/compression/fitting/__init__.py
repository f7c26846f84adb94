"""Structures that come as near to a given matrix as they can.

`fit.py` is the file to read first. `calibration.py` measures on examples which inputs of a matrix
are large, and `weighting.py` makes a fit care for these; `semi_nmf.py` is one of the fits.
"""
