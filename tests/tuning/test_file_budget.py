import pytest

from lrkeras.tuning.file_budget import FileBudget


def test_every_size_goes_with_every_time():
    found = FileBudget.read(("1 MB", "500 KB", "100 us"))
    assert [str(budget) for budget in found] == ["1 MB, 100 us", "500 KB, 100 us"]
    assert [str(budget) for budget in FileBudget.read("2 ms")] == ["2000 us"]


def test_a_file_is_within_both_limits():
    (budget,) = FileBudget.read(("1 KB", "10 us"))
    assert budget.holds(1000, 10.0)
    assert not budget.holds(1001, 1.0) and not budget.holds(10, 10.5)


@pytest.mark.parametrize("wrong", [(), ("1 MB int8",), ("4x",), ("1M params",), ("much",)])
def test_others_are_refused(wrong):
    with pytest.raises(ValueError, match="Expected"):
        FileBudget.read(wrong)
