"""The page of what `tune` finds is made of the committed results."""

import json
import pathlib

import pytest
from load_tool import load_tool

RESULTS = pathlib.Path(__file__).parents[3] / "docs/results"


@pytest.fixture(scope="module")
def tool():
    return load_tool("tune_page")


def test_the_page_is_that_of_the_results(tool):
    text = tool.page(RESULTS)
    assert (RESULTS / "tune.md").read_text(encoding="utf-8") == text
    for name, (title, _) in tool.TASKS.items():
        assert title in text and f"](tune_{name}.png)" in text
        assert (RESULTS / f"tune_{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["clinc150", "turbofan", "ptb_characters"])
def test_every_rival_was_tried_and_the_winner_was_chosen_on_validation(tool, name):
    content = json.loads((RESULTS / f"data/tune_{name}.json").read_text(encoding="utf-8"))
    (found,) = content["budgets"]
    trials = content["trials"]
    labels = " ".join(trial["recipe"]["label"] for trial in trials if trial["is_rival"])
    for rival in (
        "the model itself, int8",
        "small dense",
        "fewer units",
        'compress("auto")',
        "even",
    ):
        assert rival in labels
    limit = int(found["budget"].split()[0]) * 1000
    fitting = [t for t in trials if t["state"] == "done" and t["bytes"] <= limit]
    sign = 1 if content["more_is_better"] else -1
    winner = trials[found["winner"]]
    assert winner in fitting
    assert sign * winner["quality"] == max(sign * trial["quality"] for trial in fitting)
    # Trained alike: all but the model as it is.
    assert len({trial["recipe"]["epochs"] for trial in trials[1:]}) == 1
