"""Edits of a converted file, before it is written: each is called as `a_pass(file, context)`.

`pass_context.py`, the file to read first, is what they know beside the file.
`quantize_weights.py` rounds weights to fewer bits, `full_int8.py` activations too.
`store_sparse_filters.py` takes the zeros of sparse filters out, with `fuse_block_sparse.py`, which
makes one node of such a product and what is added to it; `store_mel_filters.py` those of mel
matrices. `drop_negative_ids.py` simplifies
look-ups, whose ids are never negative.
"""
