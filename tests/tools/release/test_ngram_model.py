import numpy as np
import pytest
from ngram_model import NgramModel

from lrkeras.datasets import Vocabulary

VOCABULARY = Vocabulary(["<unk>", "<eos>", "go", "home"])
ARPA = """

\\data\\
ngram 1=5
ngram 2=3
ngram 3=1

\\1-grams:
-1.0\t<unk>
-99\t<s>\t-0.1
-0.6\t</s>
-0.5\tgo\t-0.3
-0.7\thome\t-0.2

\\2-grams:
-0.2\t<s> go\t-0.4
-0.25\tgo home
-0.15\thome </s>

\\3-grams:
-0.05\t<s> go home

\\end\\
"""


@pytest.fixture
def model(tmp_path):
    (tmp_path / "lm.arpa").write_text(ARPA)
    return NgramModel(tmp_path / "lm.arpa", VOCABULARY)


def test_longest_ngram_and_backoff_weights(model):
    assert (model.order, model.ngrams) == (3, 9)
    # <unk>, <eos> as </s>, go, home
    cases = [
        ([1], [-1.1, -0.7, -0.2, -0.8]),  # after <s>: its own bigram, else -0.1 and the unigram
        ([1, 2], [-1.7, -1.3, -1.2, -0.05]),  # <s> go: -0.4, then go: -0.3
        ([1, 2, 3], [-1.2, -0.15, -0.7, -0.9]),  # "go home" weighs nothing, home -0.2
        ([1, 2, 3, 0], [-1.0, -0.6, -0.5, -0.7]),  # nothing follows an unknown word
    ]
    for fed, expected in cases:
        model.reset()
        for token in fed:
            found = model.feed(token)
        np.testing.assert_allclose(found / np.log(10), expected, atol=1e-12)


def test_what_is_no_arpa_file_is_refused(tmp_path):
    (tmp_path / "text.txt").write_text("just words\n")
    with pytest.raises(ValueError, match="ARPA"):
        NgramModel(tmp_path / "text.txt", VOCABULARY)
    with pytest.raises(FileNotFoundError):
        NgramModel(tmp_path / "none.arpa", VOCABULARY)
