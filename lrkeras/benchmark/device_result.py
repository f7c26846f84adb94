"""Results of the Android benchmark, as the app shares them."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import pathlib
from typing import Any

from lrkeras.system.optional_imports import require

# PowerManager: 2 is moderate, from which on a device slows down.
_HOT = 2
_NANOS_A_MILLISECOND = 1e6
_SCHEMA = pathlib.Path(__file__).parent / "device_result.schema.json"


@dataclasses.dataclass(frozen=True)
class DeviceRow:
    """The latency of one model on one phone in one setting; times in microseconds.

    Attributes:
        phone: Maker and model.
        model: Title of the model.
        measure: `"step"` of the model, or `"keystroke"`: from the text to its suggestions.
        mode: `"burst"`, one run after the other; `"paced"`, one every `period_ms`; or
            `"sustained"`, one after the other for minutes.
        period_ms: Milliseconds from run to run; 0 where they are not paced.
        threads: Threads of the kernels.
        xnnpack: Whether XNNPACK took the operators it knows.
        count: Number of runs.
        p50_us, p90_us, p99_us, worst_us: Quantiles of a run, by nearest rank, and the longest.
        late: Runs that had not ended when the next one was due.
        drift: Median of the last part of a sustained benchmark over that of the first; or None.
        file_bytes: Size of the file.
        sha256: Of the file.
    """

    phone: str
    model: str
    measure: str
    mode: str
    period_ms: float
    threads: int
    xnnpack: bool
    count: int
    p50_us: float
    p90_us: float
    p99_us: float
    worst_us: float
    late: int
    drift: float | None
    file_bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class DeviceResult:
    """What one file of the app says.

    Attributes:
        path: The file.
        phone: Maker and model.
        facts: What else is known of the phone, the build and the runtime.
        rows: One for each model, measure and setting.
        warnings: What makes its times longer than they need be, or not times of a phone at all.
    """

    path: str
    phone: str
    facts: dict[str, Any]
    rows: list[DeviceRow]
    warnings: list[str]

    @classmethod
    def read(cls, path: str | os.PathLike) -> DeviceResult:
        """Reads and checks a file.

        Raises:
            FileNotFoundError: If there is none.
            ImportError: If `jsonschema` is missing (extra `device`).
            ValueError: If it is no JSON, or not such a result; the message names the place.
        """
        path = os.fspath(path)
        text = pathlib.Path(path).read_bytes()
        try:
            content = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f"Expected JSON, as the app's benchmark shares it, in {path!r}, received {error}."
            ) from error
        wrong = next(iter(_checker().iter_errors(content)), None)
        if wrong is not None:
            raise ValueError(
                f"Expected a result of the app's benchmark in {path!r}, received at "
                f"{wrong.json_path}: {_short(wrong.message)}."
            )
        facts = {key: value for key, value in content["device"].items() if value is not None}
        phone = _phone(facts)
        rows = [_row(phone, case, content["plan"]) for case in content["cases"]]
        return cls(path, phone, facts, rows, _warnings(phone, content))


@functools.cache
def _checker() -> Any:
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return require("jsonschema", "device").Draft202012Validator(schema)


def _no_number(name: str) -> float:
    raise ValueError(f"{name}, which is no number")


def _short(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:200]}..."


def _phone(facts: dict[str, Any]) -> str:
    maker, model = facts.get("manufacturer", ""), facts["model"]
    return model if model.lower().startswith(maker.lower()) else f"{maker} {model}"


def _row(phone: str, case: dict[str, Any], plan: dict[str, Any]) -> DeviceRow:
    run, mode = case["run_us"], plan.get("mode", "burst")
    medians = [w["run_us"]["p50"] for w in case.get("windows", []) if w["run_us"]]
    drift = medians[-1] / medians[0] if len(medians) > 1 and medians[0] else None
    period = plan.get("period_ns", 0) / _NANOS_A_MILLISECOND if mode == "paced" else 0.0
    return DeviceRow(
        phone=phone,
        model=case["model"],
        measure=case["measure"],
        mode=mode,
        period_ms=period,
        threads=case["threads"],
        xnnpack=case["xnnpack"],
        count=run["count"],
        p50_us=run["p50"],
        p90_us=run["p90"],
        p99_us=run["p99"],
        worst_us=run["max"],
        late=case.get("late", 0),
        drift=drift,
        file_bytes=case["bytes"],
        sha256=case["sha256"],
    )


def _warnings(phone: str, content: dict[str, Any]) -> list[str]:
    device = content["device"]
    states = [device.get(name) or {} for name in ("state_before", "state")]
    found = []
    if content.get("sample"):
        found.append("made up, of no phone")
    if any((state.get("thermal_status") or 0) >= _HOT for state in states):
        found.append("the phone was hot")
    if any(state.get("power_save") for state in states):
        found.append("power saving was on")
    if device.get("debuggable"):
        found.append("the app was built for debugging")
    return [f"{phone}: {text}" for text in found]
