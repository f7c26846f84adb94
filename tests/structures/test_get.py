import pytest

from lrkeras import structures


@pytest.mark.parametrize("name", sorted(structures.NAMES))
def test_names_objects_configs_and_classes(name):
    structure = structures.get(name)
    assert type(structure) is structures.NAMES[name]
    assert structures.get(structure) is structure
    assert type(structures.get(structures.NAMES[name])) is structures.NAMES[name]
    assert isinstance(structures.get(f"doped_{name}", density=0.3), structures.Sum)


def test_none_stays_none():
    assert structures.get(None) is None


@pytest.mark.parametrize(
    ("name", "near"),
    [("lowrank", "low_rank"), ("kroneker", "kronecker"), ("doped_kroneckr", "doped_kronecker")],
)
def test_unknown_names_are_refused_with_the_nearest(name, near):
    with pytest.raises(ValueError, match=f'Did you mean "{near}"'):
        structures.get(name)


@pytest.mark.parametrize("thing", ["zzz", 3, object()])
def test_other_things_are_refused(thing):
    with pytest.raises(ValueError, match="Unknown structure"):
        structures.get(thing)
