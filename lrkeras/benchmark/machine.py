"""Describing the machine that a measurement ran on."""

import os
import platform


def describe_machine() -> str:
    """Processor, number of cores and operating system in one line."""
    cores = os.cpu_count()
    return f"{_processor()}, {cores} cores, {platform.system()} {platform.machine()}"


def load_average() -> float | None:
    """Processes that wanted a processor in the last minute; None where the system does not say.

    A benchmark wants one: well above that, others used the caches and the memory too.
    """
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith(("model name", "Hardware")):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or "unknown processor"
