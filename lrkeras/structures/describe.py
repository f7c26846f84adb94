"""Naming structures."""

from lrkeras.structures.concatenated import Concatenated
from lrkeras.structures.structure import Structure
from lrkeras.structures.sum import Sum


def describe(structure: Structure) -> str:
    """Names a structure by its parts, such as `"4 x (Kronecker + Sparse)"`."""
    if isinstance(structure, Concatenated):
        return f"{len(structure.parts)} x ({describe(structure.parts[0])})"
    if isinstance(structure, Sum):
        return " + ".join(describe(part) for part in structure.parts)
    return type(structure).__name__
