"""Measuring converted models on this machine."""

from lrkeras.benchmark.file_latency import FileLatency
from lrkeras.benchmark.latency import benchmark
from lrkeras.benchmark.latency_report import LatencyReport

__all__ = ["FileLatency", "LatencyReport", "benchmark"]
