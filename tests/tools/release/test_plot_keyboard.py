import copy
import json

import numpy as np
import pytest
from load_tool import ROOT, load_tool

tool = load_tool("plot_keyboard")
DATA = ROOT / "docs/results/data"
COMPARED, TIMED = DATA / "keyboard_compared.json", DATA / "keyboard_compared_time.json"


@pytest.fixture(scope="module")
def compared():
    return json.loads(COMPARED.read_text(encoding="utf-8"))


def drawn(result, folder):
    """The pixels of both figures of a result."""
    from matplotlib import image

    file = folder / "compared.json"
    file.write_text(json.dumps(result))
    bytes_, time = folder / "bytes.png", folder / "time.png"
    tool.main([str(file), str(TIMED), f"--bytes={bytes_}", f"--time={time}"])
    return image.imread(bytes_), image.imread(time)


def test_every_model_has_a_look_of_its_own(compared):
    looks = [tool.style_of(name) for name in compared["models"] if name != tool.LIST]
    assert len({label for label, _, _ in looks}) == len(looks)
    assert len({(color, mark) for _, color, mark in looks}) == len(looks)
    assert len({mark for label, _, mark in looks if "int4" not in label}) == len(
        [label for label, _, _ in looks if "int4" not in label]
    )


def test_what_is_drawn_follows_the_data(compared, tmp_path):
    first, again = drawn(compared, tmp_path), drawn(compared, tmp_path)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    changed = copy.deepcopy(compared)
    name = next(iter(changed["models"]))
    changed["models"][name]["texts"]["articles"]["keystrokes_saved"]["share"] += 0.05
    for one, other in zip(first, drawn(changed, tmp_path), strict=True):
        assert one.shape != other.shape or np.any(one != other)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"nowhere\.json"):
        tool.main([
            str(tmp_path / "nowhere.json"), str(TIMED), f"--bytes={tmp_path / 'a.png'}",
            f"--time={tmp_path / 'b.png'}",
        ])  # fmt: skip
