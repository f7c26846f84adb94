"""Which structure and size each matrix gets under a budget.

`budget.py` reads a budget and `budget_search.py`, the file to read first, searches what fits it.
`choices.py` compares choices for the whole model by its outputs (`output_judge.py`), on examples
or on inputs of `made_up_inputs.py`: every structure at one ratio (`even_cut.py`), and the best
sums of losses (`knapsack.py`) of what each matrix may become (`candidate_sizes.py`), by its errors
or by what they do to the outputs (`sensitivity.py`). `costs.py` counts, `fits.py` fits once.
"""
