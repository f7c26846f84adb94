"""Emptying the processor's caches, to see what a run costs after a pause."""

import pathlib

import numpy as np

_SMALLEST = 64 << 20


class CacheFlusher:
    """Writes to more memory than the caches hold, so that nothing else is left in them."""

    def __init__(self) -> None:
        self._memory = np.zeros(max(_SMALLEST, 2 * _largest_cache()) // 8)

    def __call__(self) -> None:
        """Fills the caches with this object's memory."""
        np.add(self._memory, 1.0, out=self._memory)


def _largest_cache() -> int:
    """Bytes of the largest cache of the first processor, or 0 where the system does not say."""
    units = {"K": 1 << 10, "M": 1 << 20}
    sizes = [0]
    for file in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = file.read_text(encoding="ascii").strip()
        if text[-1:] in units and text[:-1].isdigit():
            sizes.append(int(text[:-1]) * units[text[-1]])
    return max(sizes)
