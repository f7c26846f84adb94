"""The order of a layer's units, which is free, chosen so that blocks and factors fit better.

`find_order.py` is the file to read first; `unit_graph.py` finds which matrices an order permutes.
"""
