"""Which structure and size each matrix gets under a budget.

`budget.py` reads a budget and `budget_search.py`, the file to read first, spends it:
`candidate_sizes.py` lists what a matrix may become, `sensitivity.py` measures what that costs the
model, and `knapsack.py` chooses the best for the whole.
"""
