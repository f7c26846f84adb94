"""Keras models as graphs: walking through their layers, copying them, making them float32.

`layers_of.py` is the file to read first; everything that looks for layers inside a model asks it.
`graph_walk.py` follows the calls of a graph, `copy_model.py` copies a model with some layers
replaced, `float32_copy.py` makes one compute in float32, `units/` makes layers narrower.
"""
