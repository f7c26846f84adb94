"""Results of phones: read, checked, side by side."""

import copy
import json
import pathlib

import pytest

from lrkeras.benchmark import DeviceReport, DeviceResult, plot_devices

pytest.importorskip("jsonschema")

ROOT = pathlib.Path(__file__).parents[2]
# What the app's own test reads and writes.
OF_THE_APP = ROOT / "android_demo/app/src/test/resources/benchmark.json"


@pytest.fixture
def content():
    return json.loads(OF_THE_APP.read_text(encoding="utf-8"))


def _written(tmp_path, content, name="result.json"):
    path = tmp_path / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_every_row_of_the_app_is_read(content):
    result = DeviceResult.read(OF_THE_APP)
    assert result.phone == "made up for a picture" and len(result.rows) == len(content["cases"])
    for row, case in zip(result.rows, content["cases"], strict=True):
        assert (row.model, row.measure, row.threads) == (
            case["model"],
            case["measure"],
            case["threads"],
        )
        assert (row.p50_us, row.worst_us) == (case["run_us"]["p50"], case["run_us"]["max"])
        assert (row.mode, row.period_ms, row.late, row.drift) == ("burst", 0, 0, None)


def test_the_fastest_setting_of_each(content):
    report = DeviceReport.read([OF_THE_APP])
    assert len(report.fastest) < len(report.rows)
    for row in report.fastest:
        same = [r for r in report.rows if (r.model, r.measure) == (row.model, row.measure)]
        assert row.p50_us == min(other.p50_us for other in same)
    lines = report.to_markdown(every=True).splitlines()
    assert len(lines) == 2 + len(report.rows)
    assert json.loads(report.to_json())["rows"][0]["sha256"] == report.rows[0].sha256


def test_paces_are_told_apart_and_drift_is_shown(tmp_path, content):
    paced, sustained = copy.deepcopy(content), copy.deepcopy(content)
    paced["format"] = sustained["format"] = 3
    paced["plan"] |= {"mode": "paced", "period_ns": 20_000_000}
    sustained["plan"] |= {"mode": "sustained", "period_ns": 1, "sustained_ns": 1}
    paced["cases"][0]["late"] = 3
    stats = content["cases"][0]["run_us"]
    medians = [100, None, 150]
    sustained["cases"][0]["windows"] = [
        {"end_s": 10.0 * n, "run_us": m and {**stats, "p50": m}} for n, m in enumerate(medians)
    ]
    files = [_written(tmp_path, c, f"{n}.json") for n, c in enumerate((content, paced, sustained))]
    report = DeviceReport.read(files)
    assert {row.mode for row in report.fastest} == {"burst", "paced", "sustained"}
    assert {row.period_ms for row in report.rows} == {0, 20}
    text = report.to_markdown(every=True)
    assert "step, every 20 ms" in text and "200, 3 late" in text and "x1.50" in text


def test_what_makes_times_longer_is_said(tmp_path, content):
    content["device"] = {
        "manufacturer": "Acme",
        "model": "Acme One",
        "debuggable": True,
        "state_before": {"thermal_status": 1, "power_save": False},
        "state": {"thermal_status": 3, "power_save": True},
    }
    report = DeviceReport.read([_written(tmp_path, content)])
    assert report.warnings == [
        "Acme One: the phone was hot",
        "Acme One: power saving was on",
        "Acme One: the app was built for debugging",
    ]
    assert report.warnings[0] in report.to_markdown()


def _change(*keys, value):
    def change(content):
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_change("format", value=9), r"\$\.format: 9 is not one of \[2, 3\]"),
        (_change("cases", value=[]), r"\$\.cases"),
        (_change("cases", 2, "run_us", "p50", value="fast"), r"\$\.cases\[2\]\.run_us\.p50"),
        (_change("cases", 0, "sha256", value="../etc"), r"\$\.cases\[0\]\.sha256"),
        (_change("cases", 0, "run_us", "count", value=0), r"\$\.cases\[0\]\.run_us\.count"),
        (_change("plan", "mode", value="fast"), r"\$\.plan\.mode"),
        (_change("device", value=None), r"\$\.device"),
        (lambda content: content.pop("time_ms"), r"'time_ms' is a required property"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(tmp_path, content, change, place):
    change(content)
    with pytest.raises(ValueError, match=place):
        DeviceResult.read(_written(tmp_path, content))


@pytest.mark.parametrize("text", ["", "no json", '{"format": NaN}', "[" * 100_000, "\x00"])
def test_no_json(tmp_path, text):
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="Expected JSON, as the app's benchmark shares it"):
        DeviceResult.read(path)


def test_a_plot_has_seven_phones_at_most(tmp_path, content):
    files = []
    for number in range(8):
        content["device"]["model"] = f"phone {number}"
        files.append(_written(tmp_path, content, f"{number}.json"))
    plot_devices(DeviceReport.read(files[:7]), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="at most 7 phones in one figure, received 8"):
        plot_devices(DeviceReport.read(files), tmp_path / "more.png")
    assert not (tmp_path / "more.png").exists()
