"""The latency of one file in a benchmark."""

import dataclasses

from lrkeras.benchmark.paced_latency import PacedLatency


@dataclasses.dataclass(frozen=True)
class FileLatency:
    """What was measured of one file in one setting; times in microseconds.

    Attributes:
        path: The file.
        file_bytes: Its size.
        signature: The signature that ran; None for a file without signatures.
        steps: Time steps of one run: `N` for a signature `chunk_N`, the length of a `sequence`,
            else 1.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK took the operators it knows.
        open_us: Time to open the file.
        allocate_us: Time to allocate the tensors; in this XNNPACK takes nodes over and packs
            their weights.
        first_run_us: Time of the first run.
        load_us: The sum of these three.
        cold_us: Median time of a run that finds the processor's caches filled with other data, as
            after a pause; None where it was not measured.
        median_us, p90_us, p99_us: Quantiles of the time of one run, one after another.
        count: Number of runs timed.
        step_us, step_p90_us: `median_us / steps` and `p90_us / steps`.
        speedup: How many times faster a step is than in the first row, the median over the
            rounds; in each round both ran side by side. 1 for the first row itself.
        speedup_quartiles: The middle half of the rounds' ratios lies between these.
        cold_speedup: The same ratio for cold runs.
        paced: The time of a run at a fixed pace; None where it was not measured.
    """

    path: str
    file_bytes: int
    signature: str | None
    steps: int
    num_threads: int
    use_xnnpack: bool
    open_us: float
    allocate_us: float
    first_run_us: float
    load_us: float
    cold_us: float | None
    median_us: float
    p90_us: float
    p99_us: float
    count: int
    step_us: float
    step_p90_us: float
    speedup: float
    speedup_quartiles: tuple[float, float]
    cold_speedup: float | None
    paced: PacedLatency | None = None
