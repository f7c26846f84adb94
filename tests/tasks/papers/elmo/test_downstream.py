import dataclasses

import keras
import numpy as np
import pytest

from lrkeras.datasets import Vocabulary
from lrkeras.tasks.papers.elmo.bilm import bilm
from lrkeras.tasks.papers.elmo.character_ids import character_ids
from lrkeras.tasks.papers.elmo.downstream import TASKS
from lrkeras.tasks.papers.elmo.downstream.example import Example
from lrkeras.tasks.papers.elmo.downstream.example_batches import ExampleBatches
from lrkeras.tasks.papers.elmo.downstream.frozen_texts import FrozenTexts
from lrkeras.tasks.papers.elmo.downstream.layer_mix import LayerMix
from lrkeras.tasks.papers.elmo.downstream.learning import Learnable, measured
from lrkeras.tasks.papers.elmo.rows import config_of

CONFIG = config_of("elmo_tiny")
PAIRS = [
    Example((("A", "dog", "eats"), ("no", "dog")), (0,)),
    Example((("a", "cat"), ("A", "Cat", "sleeps", "here")), (2,)),
    Example((("one",), ("two",)), (2,)),
]
VOCABULARY = Vocabulary(["<eos>", "<unk>", "a", "dog", "cat"])


def test_layers_are_mixed_by_a_softmax():
    mix = LayerMix()
    values = np.random.default_rng(1).normal(size=(2, 4, 3, 5)).astype(np.float32)
    mix.build(values.shape)
    mix.set_weights([np.array([0.5, -1.0, 2.0], np.float32), np.float32(1.7)])
    shares = np.exp([0.5, -1.0, 2.0]) / np.exp([0.5, -1.0, 2.0]).sum()
    wanted = 1.7 * np.einsum("btld,l->btd", values.astype(np.float64), shares)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(mix(values)), wanted, rtol=1e-5)


def test_texts_are_read_between_two_ends_of_a_line():
    keras.utils.set_random_seed(2)
    model = bilm(CONFIG)
    frozen = FrozenTexts(model, CONFIG.characters, [("a", "dog"), ("here", "a", "cat")])
    alone = character_ids(["<eos>", "a", "dog", "<eos>"], CONFIG.characters)[None]
    wanted = model.predict_on_batch(alone)[0, 1:3]
    assert frozen.of(("a", "dog")).dtype == np.float16
    np.testing.assert_allclose(frozen.of(("a", "dog")), wanted, rtol=2e-3, atol=1e-4)
    assert frozen.shape == (3, 24)


def test_a_batch_says_which_words_both_texts_have():
    inputs, targets = ExampleBatches(PAIRS, VOCABULARY, None, batch_size=3)[0]
    assert targets.tolist() == [0, 2, 2]
    assert inputs["shared"].tolist() == [[0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]
    assert inputs["words_0"].tolist() == [[2, 3, 1, 0], [2, 4, 0, 0], [1, 0, 0, 0]]


def test_an_epoch_has_every_example_once_and_an_order_of_its_own():
    examples = [Example(((f"w{n}",) * (1 + n % 5),), (n,)) for n in range(50)]
    batches = ExampleBatches(examples, VOCABULARY, None, batch_size=4, seed=3)
    orders = []
    for batches.epoch in (0, 1, 0):
        orders.append([place for some in batches.places() for place in some])
        assert sorted(orders[-1]) == list(range(50))
    assert orders[0] == orders[2] != orders[1]


@pytest.mark.parametrize("name", list(TASKS))
def test_what_fills_a_text_changes_nothing(name):
    keras.utils.set_random_seed(4)
    task = TASKS[name]
    frozen = bilm(CONFIG)
    model = task.build(CONFIG, len(VOCABULARY), (3, 24), task.classes)
    spans = [dataclasses.replace(one, target=(0, 0)) for one in PAIRS]
    examples = {"sst": [Example(one.texts[:1], one.target) for one in PAIRS], "sick": PAIRS}
    examples = examples.get(name, spans)
    texts = FrozenTexts(frozen, CONFIG.characters, [t for one in examples for t in one.texts])
    together = ExampleBatches(examples, VOCABULARY, texts, batch_size=3)[0][0]
    alone = ExampleBatches(examples[1:2], VOCABULARY, texts, batch_size=1)[0][0]
    both, one = model.predict_on_batch(together)[1], model.predict_on_batch(alone)[0]
    np.testing.assert_allclose(both[..., :2], one[..., :2], rtol=1e-4, atol=1e-5)


def test_scores_of_classes_and_of_trivial_answers():
    task = TASKS["sick"]
    logits = np.array([[3.0, 1, 2], [0, 1, 2], [0, 9, 2]])
    assert task.scores(logits, PAIRS).tolist() == [1, 1, 0]
    assert task.trivial(PAIRS, PAIRS[:2]) == 0.5


def test_words_of_the_table_are_there_twice(corpora):
    learnable = Learnable.load(TASKS["sst"], CONFIG, corpora)
    words = [w.lower() for one in learnable.parts[0] for w in one.texts[0]]
    kept = set(learnable.vocabulary.words) - {"<eos>", "<unk>"}
    assert kept == {w for w in words if words.count(w) > 1}
    assert learnable.vocabulary.words[0] == "<eos>"


def test_a_task_is_measured_in_the_order_of_its_part(corpora):
    keras.utils.set_random_seed(5)
    learnable = Learnable.load(TASKS["squad"], CONFIG, corpora)
    task = learnable.task
    model = task.build(CONFIG, len(learnable.vocabulary), None, None)
    found = measured(model, learnable, None, 2)
    alone = [
        measured(model, dataclasses.replace(learnable, parts=([], [], [one])), None, 2)
        for one in learnable.parts[2]
    ]
    assert found["by_example"] == [round(one["score"], 4) for one in alone]
    assert 0 <= found["exact"] <= found["score"] <= 1
