import dataclasses

import pytest

from lrkeras.tasks import papers
from lrkeras.tasks.papers.language_models.config import BASES
from lrkeras.tasks.papers.recipe import Recipe
from lrkeras.tasks.papers.recipes import Recipes
from lrkeras.tasks.papers.row_name import RowName


@dataclasses.dataclass(frozen=True)
class First:
    row: str


@dataclasses.dataclass(frozen=True)
class Second:
    row: str


def recipes():
    def train(config, out, **options):
        return {"row": config.row}

    both = {"both": First("both"), "one": First("one")}
    return Recipes(
        Recipe(both, First, train),
        Recipe({"both": Second("both"), "two": Second("two")}, Second, train),
    )


def test_a_name_belongs_to_the_first_recipe_that_has_it():
    assert recipes()["both"] == First("both")
    assert recipes()["two"] == Second("two")
    assert "three" not in recipes()
    with pytest.raises(KeyError):
        recipes()["three"]


def test_a_config_is_trained_by_the_recipe_of_its_class():
    assert recipes().recipe_of(Second("x")).config is Second
    with pytest.raises(TypeError, match="First, Second"):
        recipes().recipe_of("two")


def test_every_listed_row_is_a_config_of_its_own_name():
    for name in papers.PRESETS:
        assert papers.PRESETS[name].row == name
    assert len(list(papers.PRESETS)) == len(papers.PRESETS)


def test_a_name_is_taken_apart():
    name = RowName.read("ptb_small_doped_kronecker_20x_1x16", BASES)
    assert (name.base, name.method) == ("ptb_small", "doped_kronecker")
    assert name.changes == {
        "compression": 20.0,
        "block": (1, 16),
        "method": "doped_kronecker",
        "co_matrix_dropout": 0.2,
    }
    with pytest.raises(ValueError, match="pruned and options"):
        RowName.read("a_kronecker", ["a"], methods=("pruned",))
