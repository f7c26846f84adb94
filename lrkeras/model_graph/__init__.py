"""Keras models as graphs: walking through their layers, copying them, making them float32.

`layers_of.py` is the file to read first; everything that looks for layers inside a model asks it.
"""
