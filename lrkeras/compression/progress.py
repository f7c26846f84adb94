"""Bars for loops that take long."""

import contextlib
from collections.abc import Callable, Iterable, Iterator


def untracked(items: Iterable, what: str) -> Iterable:
    """The items, with no bar."""
    return items


@contextlib.contextmanager
def progress_bars() -> Iterator[Callable[[Iterable, str], Iterable]]:
    """Shows a bar for each loop that is given to what this yields, `track(items, what)`.

    One loop may run inside another. Bars of loops that have ended disappear.
    """
    from rich.progress import Progress

    with Progress(transient=True) as progress:

        def track(items: Iterable, what: str) -> Iterator:
            items = list(items)
            task = progress.add_task(what, total=len(items))
            progress.refresh()  # a short loop is over before the first of its own accord
            try:
                for item in items:
                    yield item
                    progress.advance(task)
            finally:
                progress.remove_task(task)

        yield track
