"""Configs of rows by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any


class NamedRows(Mapping):
    """Configs by name: of every name that means something, of which some are listed.

    Args:
        config_of: gives the config of a name; raises `ValueError` for one that means nothing.
        listed: names of the tables.
    """

    def __init__(self, config_of: Callable[[str], Any], listed: Sequence[str]) -> None:
        self._config_of, self._listed = config_of, listed

    def __getitem__(self, name: str) -> Any:
        try:
            return self._config_of(name)
        except ValueError as error:
            raise KeyError(str(error)) from None

    def __contains__(self, name: object) -> bool:
        try:
            self._config_of(str(name))
        except ValueError:
            return False
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)
