"""When a word is final."""

from __future__ import annotations

BLANK_STEPS = 15  # 300 ms


class EndPointer:
    """Merges the likeliest outputs of a stream into labels, final after a pause.

    A label is what is not the blank and not the output before. It is final when enough blanks in a
    row have followed; others that came before the pause become final with it.

    Args:
        blank: the output that stands for no label.
        blank_steps: blanks in a row that make a pause.

    Raises:
        ValueError: `blank_steps` is below 1.

    Attributes:
        pending: the labels that are not final yet, each as `(output, step)`.
    """

    def __init__(self, blank: int, blank_steps: int = BLANK_STEPS) -> None:
        if blank_steps < 1:
            raise ValueError(f"Expected a pause of at least one step; received {blank_steps}.")
        self.blank = blank
        self.blank_steps = blank_steps
        self.reset()

    def reset(self) -> None:
        """Forgets what was heard."""
        self.pending: list[tuple[int, int]] = []
        self._before = self.blank
        self._blanks = 0
        self._step = 0

    def push(self, output: int) -> list[tuple[int, int]]:
        """Takes the likeliest output of the next step.

        Returns:
            The labels that are final now, each with the step at which it came.
        """
        if output == self.blank:
            self._blanks += 1
        else:
            if output != self._before:
                self.pending.append((output, self._step))
            self._blanks = 0
        self._before = output
        self._step += 1
        return self.flush() if self._blanks == self.blank_steps else []

    def flush(self) -> list[tuple[int, int]]:
        """Makes final what is pending, as at the end of a recording."""
        done, self.pending = self.pending, []
        return done
