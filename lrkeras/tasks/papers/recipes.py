"""What `lrkeras train papers/NAME` can train."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lrkeras.tasks.papers.recipe import Recipe


class Recipes(Mapping):
    """Configs by name, of several recipes.

    Args:
        recipes: a name belongs to the first whose rows have it.
    """

    def __init__(self, *recipes: Recipe) -> None:
        self._recipes = recipes

    def __getitem__(self, name: str) -> Any:
        for recipe in self._recipes:
            if name in recipe.rows:
                return recipe.rows[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(name in recipe.rows for recipe in self._recipes)

    def __iter__(self) -> Iterator[str]:
        return (name for recipe in self._recipes for name in recipe.rows)

    def __len__(self) -> int:
        return sum(len(recipe.rows) for recipe in self._recipes)

    def recipe_of(self, config: Any) -> Recipe:
        """The recipe that a config is of.

        Raises:
            TypeError: it is of none.
        """
        for recipe in self._recipes:
            if isinstance(config, recipe.config):
                return recipe
        names = ", ".join(recipe.config.__name__ for recipe in self._recipes)
        raise TypeError(f"Expected a config of the class {names}; received {config!r}.")
