"""The weight matrices of a model, whatever layer holds them.

`weight_matrix.py` is one matrix to compress, and `selection.py`, the file to read first, finds
those that the caller chose. An owner knows where a kind of layer keeps its matrices and makes the
layer that has structures in their place: `recurrent_owner.py`, `dense_owner.py`,
`embedding_owner.py`.
"""
