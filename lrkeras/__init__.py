"""Compressed recurrent networks for phones: train with Keras 3, convert to LiteRT."""

import sys
from typing import TYPE_CHECKING, Any

# Importing lrkeras imports all of it: Keras loads a saved model only if its classes are registered.
# The command line alone puts that off, until it knows that the user wants more than help.
if "lrkeras_command" not in sys.modules:
    from lrkeras import callbacks, layers, structures
    from lrkeras.compression import (
        CompressionReport,
        UnitReport,
        compress,
        distill,
        merge,
        prune_units,
        quantize_aware,
        shrink,
        sparsify,
    )
    from lrkeras.export import (
        ConversionError,
        ConversionReport,
        Seq2SeqRunner,
        StepRunner,
        convert,
    )
    from lrkeras.importers import from_torch, load_model
    from lrkeras.legacy_h5 import load_legacy_h5
    from lrkeras.model_summary import ModelSummary, summary
    from lrkeras.models import load
    from lrkeras.tuning import TuneReport, tune
elif not TYPE_CHECKING:
    _ROOMS = (
        *("callbacks", "layers", "structures"),
        *("compression", "export", "importers", "legacy_h5", "model_summary", "models"),
        "tuning",
    )

    def __getattr__(name: str) -> Any:
        """Finds what would be imported above, when it is asked for."""
        import importlib

        if name in __all__:
            for room in _ROOMS:
                module = importlib.import_module(f"lrkeras.{room}")
                if name == room:
                    return module
                if name in module.__all__:
                    return getattr(module, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__ = "0.1.0"

__all__ = [
    "CompressionReport",
    "ConversionError",
    "ConversionReport",
    "ModelSummary",
    "Seq2SeqRunner",
    "StepRunner",
    "TuneReport",
    "UnitReport",
    "callbacks",
    "compress",
    "convert",
    "distill",
    "from_torch",
    "layers",
    "load",
    "load_legacy_h5",
    "load_model",
    "merge",
    "prune_units",
    "quantize_aware",
    "shrink",
    "sparsify",
    "structures",
    "summary",
    "tune",
]
