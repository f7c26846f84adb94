"""Hidden units: which rows and columns of which matrices belong to one, through a whole model.

`hidden_units.py` is the file to read first: `find_units` gives the groups of units of a model that
can go, and the reason for every one that has to stay. `unit_walk.py` follows the units through the
graph, `weight_roles.py` says where a layer keeps them. `unit_norms.py` weighs units by their
entries, `unit_lasso.py` draws them to zero, `unit_choice.py` decides which ones go,
`fewer_units.py` makes the model without them.
"""
