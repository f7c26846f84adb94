"""The recipes of a search: the rivals that every one tries, and proposals beside them."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras

from lrkeras.compression.matrices.selection import select
from lrkeras.system.optional_imports import require
from lrkeras.tuning.file_budget import FileBudget
from lrkeras.tuning.recipe import BITS, Recipe

# What a group of matrices may become. A group of less than this share of the weights is left alone.
OF_GROUPS = {
    "recurrent": ("low_rank", "hybrid", "monarch", "doped_kronecker"),
    "input": ("low_rank", "monarch"),
    "table": ("low_rank", "frequency_bands"),
    "dense": ("low_rank", "monarch"),
}
# Whose numbers files do not hold in four bits.
_EIGHT_BITS_ONLY = ("monarch", "doped_kronecker")
_LEAST_SHARE = 0.04
_FILLS = (1.0, 0.7, 0.45)
# Shares of the cut by fewer units where the matrices of a proposal cannot be so small.
_MORE_SHARES = (0.5, 0.75, 0.9)
_FEWER_UNITS = "fewer units"
_ASKED_AT_MOST = 20


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A recipe whose sizes are not set yet.

    Attributes:
        recipe: The rest of it.
        share: Share of the cut that fewer units make.
        fill: Share of the budget that it shall take; None for a model that stays as large.
        is_proposal: Whether fewer units may make more of the cut, where it is not possible else.
    """

    recipe: Recipe
    share: float = 0.0
    fill: float | None = None
    is_proposal: bool = False

    @property
    def ways(self) -> list[tuple[Recipe, float]]:
        """Recipes and shares, to be tried in this order until one is possible."""
        found = [(self.recipe, self.share)]
        if self.is_proposal and self.recipe.structures:
            prefix = "" if self.share else f"{_FEWER_UNITS}, "
            recipe = self.recipe.replace(label=prefix + self.recipe.label)
            found += [(recipe, share) for share in _MORE_SHARES if share > self.share]
        return found


class MatrixGroups:
    """The matrices of a model that weigh most, by what they do.

    Args:
        model: A built model.

    Attributes:
        names: Names of matrices by group.
    """

    def __init__(self, model: keras.Model):
        self.names: dict[str, list[str]] = {}
        try:
            selection, _ = select(model, "low_rank", None, None)
        except ValueError:
            return  # it has none
        matrices = [matrix for matrix, _ in selection.values()]
        recurrent = {m.owner.path for m in matrices if m.role == "recurrent"}
        total = sum(matrix.params for matrix in matrices)
        groups: dict[str, list] = {}
        for matrix in matrices:
            groups.setdefault(_group(matrix, recurrent), []).append(matrix)
        for group, found in groups.items():
            if sum(matrix.params for matrix in found) >= _LEAST_SHARE * total:
                self.names[group] = [matrix.name for matrix in found]


def rivals(
    budgets: list[FileBudget], groups: MatrixGroups, training: dict[str, Any]
) -> list[tuple[Candidate, FileBudget | None]]:
    """What every search tries: the model itself, small dense models, and compression by habit.

    Args:
        budgets: Each gets rivals of its size.
        groups: The matrices of the model.
        training: `learning_rate`, `epochs` and `distill` of all.

    Returns:
        Candidates, and the budget that each is made for; None for all.
    """
    plain = {**training, "epochs": 0}
    found: list[tuple[Candidate, FileBudget | None]] = [
        (Candidate(Recipe("the model itself, int8", "int8", **plain)), None),
        (Candidate(Recipe("the model itself trained on, int8", "int8", **training)), None),
        (Candidate(Recipe("the model itself, int4", "int4", **training)), None),
    ]
    every = {name: "low_rank" for names in groups.names.values() for name in names}
    for budget in budgets:
        for bits in BITS:
            fresh = Recipe(f"small dense, distilled, {bits}", bits, fresh=True, **training)
            units = Recipe(f"{_FEWER_UNITS}, {bits}", bits, **training)
            found.append((Candidate(fresh, share=1.0, fill=1.0), budget))
            found.append((Candidate(units, share=1.0, fill=1.0), budget))
        if every:
            auto = Recipe('compress("auto"), int8', "int8", structures="auto", **training)
            even = Recipe("even cut, low rank, int8", "int8", structures=every, **training)
            found.append((Candidate(auto, fill=1.0), budget))
            found.append((Candidate(even, fill=1.0), budget))
    return found


class Proposals:
    """Recipes that Optuna proposes for one budget, from what became of the ones before.

    Args:
        budget: What the files may cost.
        groups: The matrices of the model.
        training: `learning_rate`, `epochs` and `distill` to start from.
        seed: The same seed and results give the same proposals.
    """

    def __init__(
        self, budget: FileBudget, groups: MatrixGroups, training: dict[str, Any], seed: int
    ):
        optuna = require("optuna", "tune")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._states = optuna.trial.TrialState
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=6, constant_liar=True)
        self._study = optuna.create_study(direction="minimize", sampler=sampler)
        self._budget, self._groups, self._training = budget, groups, training
        self._seen: set[str] = set()
        for start in self._starts():
            self._study.enqueue_trial(start)

    def ask(self) -> tuple[Any, Candidate]:
        """A trial of Optuna, to `tell`, and what it proposes; something new, where that is."""
        for left in reversed(range(_ASKED_AT_MOST)):
            trial = self._study.ask()
            candidate = self._candidate(trial)
            if not left or repr(candidate) not in self._seen:
                break
            self._study.tell(trial, state=self._states.FAIL)
        self._seen.add(repr(candidate))
        return trial, candidate

    def tell(self, trial: Any, cost: float | None, stopped: bool = False) -> None:
        """Says how good a proposal was; None where nothing came of it."""
        if cost is None:
            self._study.tell(trial, state=self._states.FAIL)
        elif stopped:
            trial.report(cost, step=1)
            self._study.tell(trial, state=self._states.PRUNED)
        else:
            self._study.tell(trial, cost)

    def _starts(self) -> list[dict[str, Any]]:
        """What is asked first: ways that often win, in four bits and with all matrices cut."""
        common = {"bits": "int4", "learning_rate": self._training["learning_rate"]}
        low_rank = {f"{group}, int4": "low_rank" for group in self._groups.names}
        if not low_rank:
            return []
        matrices = {**common, "cut": "matrices", "gate_layout": "per_gate", **low_rank}
        found = [matrices, {**matrices, "cut": "both"}]
        if "table" in self._groups.names:
            found.insert(1, {**matrices, "table, int4": "frequency_bands"})
        return found

    def _candidate(self, trial: Any) -> Candidate:
        bits = trial.suggest_categorical("bits", list(BITS))
        by = trial.suggest_categorical("cut", ["matrices", "both", "units"])
        rate = self._training["learning_rate"]
        rate = float(f"{trial.suggest_float('learning_rate', rate / 3, rate * 3, log=True):.3g}")
        fill = 1.0
        if self._budget.us is not None or self._budget.bytes is None:
            fill = trial.suggest_categorical("fill", list(_FILLS))
        fresh, layout, structures = False, "per_gate", {}
        if by == "units":
            fresh = trial.suggest_categorical("fresh", [False, True])
        else:
            structures = self._structures(trial, bits)
            layout = trial.suggest_categorical("gate_layout", ["per_gate", "stacked"])
        share = {"matrices": 0.0, "both": 0.5, "units": 1.0}[by] if structures else 1.0
        recipe = Recipe(
            _label(structures, share, fresh, bits),
            bits,
            structures=structures,
            gate_layout=layout,
            fresh=fresh,
            **{**self._training, "learning_rate": rate},
        )
        return Candidate(recipe, share, fill, is_proposal=True)

    def _structures(self, trial: Any, bits: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for group, names in self._groups.names.items():
            possible = OF_GROUPS[group]
            if bits == "int4":
                possible = tuple(s for s in possible if s not in _EIGHT_BITS_ONLY)
            # The choices of a parameter of Optuna are always the same ones.
            chosen = trial.suggest_categorical(f"{group}, {bits}", ["dense", *possible])
            if chosen != "dense":
                found |= dict.fromkeys(names, chosen)
        return found


def _group(matrix: Any, recurrent: set[str]) -> str:
    if matrix.role in ("recurrent", "joint"):
        return "recurrent"
    if matrix.owner.path in recurrent:
        return "input"
    return "table" if matrix.role == "embeddings" else "dense"


def _label(structures: dict[str, str], share: float, fresh: bool, bits: str) -> str:
    parts = []
    if share:
        parts.append("small dense, distilled" if fresh else _FEWER_UNITS)
    kinds: dict[str, list[str]] = {}
    for name, structure in structures.items():
        kinds.setdefault(structure, []).append(name.rpartition(".")[2])
    parts += [f"{s} ({', '.join(sorted(set(roles)))})" for s, roles in kinds.items()]
    return ", ".join([*parts, bits])
