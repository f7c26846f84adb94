"""Trained models that come with the package, by name."""

from lrkeras.models.registry import load, model_file, names

__all__ = ["load", "model_file", "names"]
