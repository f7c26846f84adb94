"""Characters and outputs."""

import pytest

from lrkeras.tasks.papers.an4.alphabet import NUM_OUTPUTS, outputs_of, text_of


def test_outputs_by_hand():
    # The blank is 0, the space 1, then the letters and the apostrophe.
    assert outputs_of("A BZ'") == [2, 1, 3, 27, 28]
    assert NUM_OUTPUTS == 29


def test_blanks_padding_and_spaces_too_many_are_nothing():
    assert text_of([1, 8, 0, 16, 1, 1, 2, 1, -1, -1]) == "GO A"


def test_an_unknown_character_is_named():
    with pytest.raises(ValueError, match=r"\['3', 'b'\] in 'b3'"):
        outputs_of("b3")
