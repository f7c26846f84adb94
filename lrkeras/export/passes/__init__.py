"""Edits of a converted file, before it is written.

`quantize_weights.py` rounds weights to eight bits, `full_int8.py` activations too,
`fuse_block_sparse.py` makes one node of a doped product and what is added to it, and
`drop_negative_ids.py` simplifies look-ups, whose ids are never negative.
"""
