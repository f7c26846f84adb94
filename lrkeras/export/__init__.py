"""Conversion of recurrent models to LiteRT (.tflite) files, and running these."""

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_report import ConversionReport
from lrkeras.export.convert import convert
from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.runtime.step_runner import StepRunner
from lrkeras.export.tflite.sparse_hazards import find_sparse_hazards

__all__ = [
    "ConversionError",
    "ConversionReport",
    "DelegateReport",
    "StepRunner",
    "convert",
    "find_sparse_hazards",
]
