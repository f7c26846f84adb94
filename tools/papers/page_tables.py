"""Pages of which a command writes some lines, between two comments."""

import sys


def with_tables(page, tables, command):
    """A page with other lines between `<!-- tables of COMMAND -->` and `<!-- end of the tables -->`.

    Args:
        page: Its text.
        tables: What belongs between the comments.
        command: The name of the script that writes it.

    Raises:
        SystemExit: It has not both comments.
    """
    begin, end = f"<!-- tables of {command} -->", "<!-- end of the tables -->"
    before, first, rest = page.partition(begin)
    _, last, after = rest.partition(end)
    if not first or not last:
        sys.exit(f"error: expected the lines {begin} and {end} in the page; one is missing.")
    return f"{before}{begin}\n\n{tables}\n\n{end}{after}"
