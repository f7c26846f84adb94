"""Going on in the folder of a run."""

import json

import pytest

from lrkeras.system.same_settings import check_same_settings


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "run" / "config.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"units": [8, 8], "rate": 0.5}))
    return file


def test_the_same_and_what_may_differ(file, tmp_path):
    check_same_settings(file, {"units": (8, 8), "rate": 0.5})
    check_same_settings(file, {"units": (8, 8), "rate": 1.0}, ignored=("rate",))
    check_same_settings(tmp_path / "none.json", {"rate": 1.0})


def test_another_setting(file):
    with pytest.raises(ValueError, match="run with another rate, units"):
        check_same_settings(file, {"units": (8,), "rate": 1.0})


def test_a_setting_that_is_newer_than_the_run(file):
    settings = {"units": (8, 8), "rate": 0.5, "pooled": False, "window": (1, 2)}
    check_same_settings(file, settings, defaults={"pooled": False, "window": (1, 2), "rate": 9})
    with pytest.raises(ValueError, match="another pooled"):
        check_same_settings(file, settings | {"pooled": True}, defaults={"pooled": False})
    with pytest.raises(ValueError, match="another pooled, window"):
        check_same_settings(file, settings)
