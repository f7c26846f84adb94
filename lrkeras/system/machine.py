"""Describing the machine that a measurement ran on."""

import os
import platform
from collections.abc import Mapping

_CPUINFO = "/proc/cpuinfo"
# What products of 8-bit integers run on, the fastest first: names in that file, and those for
# people. Processors of one name that have AVX512-VNNI or not differ by several times.
_INSTRUCTIONS = {
    "amx_int8": "AMX",
    "avx512_vnni": "AVX512-VNNI",
    "avx_vnni": "AVX-VNNI",
    "avx512f": "AVX512",
    "avx2": "AVX2",
    "i8mm": "I8MM",
    "asimddp": "DotProd",
    "asimd": "NEON",
}


def describe_machine() -> str:
    """Processor, the instructions of its 8-bit products, cores and operating system in one line."""
    cores = os.cpu_count()
    return f"{_processor()}, {cores} cores, {platform.system()} {platform.machine()}"


def load_average() -> float | None:
    """Processes that wanted a processor in the last minute; None where the system does not say.

    A benchmark wants one: well above that, others used the caches and the memory too.
    """
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _processor() -> str:
    facts = _first_processor()
    name = facts.get("model name") or facts.get("Hardware") or platform.processor()
    flags = (facts.get("flags") or facts.get("Features") or "").split()
    fastest = next((text for flag, text in _INSTRUCTIONS.items() if flag in flags), None)
    return (name or "unknown processor") + (f" with {fastest}" if fastest else "")


def _first_processor() -> Mapping[str, str]:
    """What Linux says of the first processor; nothing elsewhere."""
    facts: dict[str, str] = {}
    try:
        with open(_CPUINFO, encoding="utf-8") as stream:
            for line in stream:
                name, _, value = line.partition(":")
                facts.setdefault(name.strip(), value.strip())
    except OSError:
        pass  # not Linux
    return facts
