"""Removing whole hidden units, which leaves plain layers.

`prune_units.py` is the file to read first. `importance.py` measures what a unit's absence does to
the outputs, `shrink.py` takes out what `callbacks.UnitPruning` has zeroed. Which rows and columns
belong to a unit, and the model without them, is in `lrkeras.model_graph.units`.
"""
