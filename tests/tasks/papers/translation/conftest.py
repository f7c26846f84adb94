"""What the tests of translation share."""

import dataclasses

import pytest

from lrkeras.tasks.papers.translation.pair_corpus import PairCorpus
from lrkeras.tasks.papers.translation.rows import config_of


def micro(name="multi30k_tiny", **changes):
    """A row in little, on sentences that the package makes up."""
    return dataclasses.replace(config_of(name), **changes)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    pytest.importorskip("keras_hub")
    pytest.importorskip("sacrebleu")
    return PairCorpus.load(micro(), None, tmp_path_factory.mktemp("words") / "none.spm")
