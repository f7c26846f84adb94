import pytest

from lrkeras.tuning.candidates import MatrixGroups, Proposals
from lrkeras.tuning.file_budget import FileBudget

TRAINING = {"learning_rate": 0.01, "epochs": 3, "distill": True}


def _asked(trained, seed, costs):
    (budget,) = FileBudget.read("10 KB")
    proposals = Proposals(budget, MatrixGroups(trained), TRAINING, seed)
    found = []
    for cost in costs:
        asked, candidate = proposals.ask()
        proposals.tell(asked, cost, stopped=cost == 0.5)
        found.append(candidate)
    return found


def test_the_same_seed_and_results_give_the_same_proposals(trained):
    costs = [0.9, None, 0.5, 0.3, 0.8, 0.7, 0.2, 0.4, 0.6, 0.1]
    one = _asked(trained, 0, costs)
    assert one == _asked(trained, 0, costs)
    assert one != _asked(trained, 1, costs)
    # What was good before is looked for again, once there are enough results.
    assert one[8:] != _asked(trained, 0, [0.1, None, 0.5, 0.7, 0.2, 0.3, 0.8, 0.6, 0.4, 0.9])[8:]


def test_groups_go_by_what_matrices_do(trained):
    assert MatrixGroups(trained).names == {
        "table": ["words.embeddings"],
        "input": ["lstm.kernel"],
        "recurrent": ["lstm.recurrent"],
    }


def test_four_bits_are_not_proposed_for_what_has_none(trained):
    candidates = _asked(trained, 0, [0.5] * 40)
    used = {
        bits: {s for c in candidates if c.recipe.bits == bits for s in c.recipe.structures.values()}
        for bits in ("int4", "int8")
    }
    assert {"monarch", "doped_kronecker"} <= used["int8"]
    assert used["int4"] <= {"low_rank", "hybrid", "frequency_bands"} and used["int4"]


def test_what_often_wins_is_asked_first(trained):
    first, bands, both = _asked(trained, 0, [0.5] * 3)
    names = ["words.embeddings", "lstm.kernel", "lstm.recurrent"]
    assert first.recipe.structures == dict.fromkeys(names, "low_rank")
    assert bands.recipe.structures == {**first.recipe.structures, names[0]: "frequency_bands"}
    assert both.recipe.structures == first.recipe.structures
    assert [c.share for c in (first, bands, both)] == [0, 0, 0.5]
    for candidate in (first, bands, both):
        assert candidate.recipe.bits == "int4"
        assert candidate.recipe.learning_rate == TRAINING["learning_rate"]


def test_fewer_units_make_what_matrices_cannot(trained):
    for candidate in _asked(trained, 0, [0.5] * 20):
        (first, share), *others = candidate.ways
        assert (first, share) == (candidate.recipe, candidate.share)
        assert bool(others) == bool(candidate.recipe.structures)
        shares = [share, *(other for _, other in others)]
        assert shares == sorted(set(shares)) and (shares[-1] < 1 or not others)
        assert all(recipe.label.startswith("fewer units") for recipe, _ in others)


def test_proposals_can_be_made(task):
    from lrkeras.tuning.trial import start_of

    model = task.load()
    (budget,) = FileBudget.read("19 KB")
    proposals = Proposals(budget, MatrixGroups(model), TRAINING, 3)
    for _ in range(3):
        asked, candidate = proposals.ask()
        start = start_of(task, candidate, budget.bytes)
        assert len(start.file) <= 19_000 if start.why is None else start.why
        proposals.tell(asked, None if start.why else float(len(start.file)))


@pytest.mark.parametrize("bits", ["int8", "int4"])
def test_commands_say_what_a_recipe_does(trained, bits):
    from lrkeras.tuning.recipe import Recipe

    recipe = Recipe(
        "x", bits, units=1.5, structures={"lstm.recurrent": "low_rank"}, compression=2.5
    )
    found = recipe.commands("model.keras", "data.npz", "c.npy", " --objective val_loss", 7)
    assert [command.split()[1] for command in found] == ["compress", "compress", "fit", "convert"]
    assert ("--bits 4" in found[2]) == (bits == "int4")
    assert Recipe.of(recipe.config) == recipe
