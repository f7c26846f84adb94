"""`tune`: the best file within a budget, found by trying.

`tune.py` is the file to read first. A `Recipe` says how a file is made of a model: what becomes of
its units and matrices (`small_models.py`), how it is trained (`fine_tuning.py`), in how many bits
it is stored. `candidates.py` writes recipes: the rivals that every search tries, and what Optuna
proposes beside them. `file_score.py` tells the quality of a file by running it. `search.py` sends
recipes to Ray's workers (`ray_workers.py`), a generation at a time, and `trial_records.py` keeps
what came of them, so that a stopped search goes on. `tune_report.py` says which one won.
"""

from lrkeras.tuning.fine_tuning import fine_tune
from lrkeras.tuning.recipe import Recipe
from lrkeras.tuning.tune import tune
from lrkeras.tuning.tune_report import TuneReport

__all__ = ["Recipe", "TuneReport", "fine_tune", "tune"]
