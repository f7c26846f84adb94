"""The latency of one file in a benchmark."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class FileLatency:
    """What was measured of one file; times in microseconds.

    Attributes:
        path: The file.
        file_bytes: Its size.
        load_us: Time to open the file, allocate its tensors and run it for the first time.
        median_us, p90_us, p99_us: Quantiles of the time of one run, after a warm-up.
        count: Number of runs timed.
        speedup: How many times faster than the first file, the median over the rounds; in each
            round both ran side by side. 1 for the first file itself.
        speedup_quartiles: The middle half of the rounds' ratios lies between these.
    """

    path: str
    file_bytes: int
    load_us: float
    median_us: float
    p90_us: float
    p99_us: float
    count: int
    speedup: float
    speedup_quartiles: tuple[float, float]
