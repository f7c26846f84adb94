"""Measuring converted models on this machine."""

from lrkeras.benchmark.file_latency import FileLatency
from lrkeras.benchmark.file_memory import FileMemory
from lrkeras.benchmark.file_quality import FileQuality
from lrkeras.benchmark.latency import benchmark
from lrkeras.benchmark.latency_report import LatencyReport
from lrkeras.benchmark.plots import plot_latency

__all__ = [
    "FileLatency",
    "FileMemory",
    "FileQuality",
    "LatencyReport",
    "benchmark",
    "plot_latency",
]
