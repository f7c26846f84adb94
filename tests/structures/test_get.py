import keras
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


@pytest.mark.parametrize(
    "identifier",
    [
        None,
        structures.LowRank(rank=2),
        keras.saving.serialize_keras_object(structures.LowRank(rank=2)),
    ],
)
def test_arguments_beside_what_is_no_name_are_refused(identifier):
    with pytest.raises(ValueError, match=r"go with a name.*rank=4"):
        structures.get(identifier, rank=4)


def test_arguments_of_a_class_count():
    assert structures.get(structures.LowRank, rank=4).rank == 4
