"""How the product with a structured matrix is computed in a file.

`deployed_products.py`, the file to read first, gives every structured matrix of a model the form
that `product_choice.py` takes for the cheapest by the estimates of `product_costs.py`.
`by_structure.py` is the one place that knows the classes of structures. The others are the forms:
sparse, hybrid and Toeplitz-like products, the gates of Kronecker and Monarch matrices side by side,
and the doped LSTM whose sparse part adds the rest in one fused node.
"""
