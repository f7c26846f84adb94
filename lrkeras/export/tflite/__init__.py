"""Reading and editing `.tflite` files: no Keras, no TensorFlow.

`model_file.py` is the file to read first: a file as an object, which has a `Graph` (`graph.py`) for
each of its graphs. `file_header.py` reads signatures and metadata without the weights,
`metadata_entry.py` deflates long entries of metadata and inflates them, `quantisation.py` says how
integers stand for real numbers, `sparse_tensor.py` stores blocks that are not zero,
`extract_subgraph.py` makes a file of one graph, `node_costs.py` counts multiply-accumulates and
bytes, `gaps.py` fills in what old writers leave out, `sparse_hazards.py` finds nodes that XNNPACK
computes wrongly, and `runtime_version.py` tells the oldest runtime that can read a file.
"""
