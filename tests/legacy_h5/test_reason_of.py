import keras
import numpy as np
import pytest

from lrkeras.legacy_h5.reason_of import reason_of

CALLED = "Exception encountered when calling X.call()."


class Failing(keras.layers.Layer):
    def call(self, x):
        raise ValueError("the step is zero\nand this is a second line")


def test_the_reason_of_a_call_is_what_was_raised_inside():
    model = keras.Sequential([Failing()])
    with pytest.raises(ValueError, match="Error encountered:") as caught:
        model(np.zeros((1, 2)))
    assert reason_of(caught.value) == "the step is zero"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("one\ntwo", "one"),
        ("a config. Exception encountered: inner\nmore", "inner"),
        ("\x1b[1mbold\x1b[0m", "bold"),
        (f"{CALLED}\n\n\x1b[1m{CALLED}\n\nno step\x1b[0m\n\nArguments", "no step"),
        (CALLED, CALLED),
        ("", "ValueError"),
        ("x" * 1001, "x" * 1000 + " ..."),
    ],
)  # fmt: skip
def test_the_first_line_of_the_innermost_message(message, reason):
    assert reason_of(ValueError(message)) == reason
