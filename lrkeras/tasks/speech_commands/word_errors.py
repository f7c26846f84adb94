"""The errors of a recogniser, by the word that was said."""

from __future__ import annotations

from collections.abc import Sequence


def word_errors(said: Sequence[str], heard: Sequence[str]) -> list[int]:
    """Counts errors at each word, as the alignment of the fewest errors has them.

    Args:
        said: the words, at least one.
        heard: what was recognised.

    Returns:
        For each word 1 if it was missed or taken for another, and 1 for each word that was heard
        after it and not said; what was heard before the first word counts with that. The sum over
        the number of words is the word error rate.
    """
    import jiwer

    errors = [0] * len(said)
    alignment = jiwer.process_words(" ".join(said), " ".join(heard)).alignments[0]
    for chunk in alignment:
        if chunk.type == "insert":
            at = max(0, chunk.ref_start_idx - 1)
            errors[at] += chunk.hyp_end_idx - chunk.hyp_start_idx
        elif chunk.type != "equal":
            for at in range(chunk.ref_start_idx, chunk.ref_end_idx):
                errors[at] += 1
    return errors
