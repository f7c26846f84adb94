"""Cutting a sequence into calls of given lengths."""


def call_lengths(length: int, sizes: list[int]) -> list[int]:
    """Cuts a sequence into calls, the longest first.

    Args:
        length: Steps of the sequence.
        sizes: Steps that a call may have; different ones, in any order.

    Returns:
        Steps of each call; their sum is `length`. As many of the longest as fit, if the others can
        fill the rest; else the fewest calls that fill it all.

    Raises:
        ValueError: If none do.
    """
    sizes = sorted(sizes, reverse=True)
    found, rest = [], length
    for size in sizes:
        found += [size] * (rest // size)
        rest %= size
    return found if rest == 0 else _fewest(length, sizes)


def _fewest(length: int, sizes: list[int]) -> list[int]:
    # The last call of the shortest way to each length; 0 where there is none.
    last, calls = [0] * (length + 1), [0] + [length + 1] * length
    for end in range(1, length + 1):
        for size in sizes:
            if size <= end and calls[end - size] + 1 < calls[end]:
                last[end], calls[end] = size, calls[end - size] + 1
    if not last[length]:
        raise ValueError(
            f"Expected a sequence that chunks of {sizes} steps fill, received {length} steps. Give "
            "a length that they fill, or convert the model with forms=['step', ...]."
        )
    found = []
    while length:
        found.append(last[length])
        length -= last[length]
    return sorted(found, reverse=True)
