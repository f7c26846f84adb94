"""Weights rounded to few bits: scales, training with them, and what a file then stores.

`least_squares.py` rounds an array and is the file to read first; `rounded_model.py` is a model
that trains with rounded weights, and `held_weight.py` finds those of a model.
"""
