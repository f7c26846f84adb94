import numpy as np

from lrkeras.tasks.papers.elmo.character_ids import BEGIN, FINISH, SENTENCE_END, character_ids


def test_words_are_bytes_between_two_marks():
    found = character_ids(["ab", "é", "<eos>", "abcdef"], 5)
    # UTF-8 writes the accent as the bytes 195 and 169; byte b is b + 1.
    assert found.tolist() == [
        [BEGIN, ord("a") + 1, ord("b") + 1, FINISH, 0],
        [BEGIN, 196, 170, FINISH, 0],
        [BEGIN, SENTENCE_END, FINISH, 0, 0],
        [BEGIN, ord("a") + 1, ord("b") + 1, ord("c") + 1, FINISH],
    ]
    assert found.dtype == np.int32
