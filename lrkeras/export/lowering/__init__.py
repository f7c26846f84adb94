"""From step models to the bytes of a file: all that touches TensorFlow and its converter.

`tensorflow_lowering.py` makes one file with a signature for each step model;
`link_subroutines.py` makes the signatures call the weights' products as shared subgraphs.
"""
