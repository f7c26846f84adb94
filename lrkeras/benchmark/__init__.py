"""Measuring converted models on this machine."""

from lrkeras.benchmark.device_plot import plot_devices
from lrkeras.benchmark.device_report import DeviceReport
from lrkeras.benchmark.device_result import DeviceResult, DeviceRow
from lrkeras.benchmark.file_latency import FileLatency
from lrkeras.benchmark.file_memory import FileMemory
from lrkeras.benchmark.file_quality import FileQuality
from lrkeras.benchmark.latency import benchmark
from lrkeras.benchmark.latency_report import LatencyReport
from lrkeras.benchmark.paced_latency import PacedLatency
from lrkeras.benchmark.plots import plot_latency

__all__ = [
    "DeviceReport",
    "DeviceResult",
    "DeviceRow",
    "FileLatency",
    "FileMemory",
    "FileQuality",
    "LatencyReport",
    "PacedLatency",
    "benchmark",
    "plot_devices",
    "plot_latency",
]
