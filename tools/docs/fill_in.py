"""Pages with places that hooks fill in, and tables that come there."""


def fill_in(markdown, page, name, contents):
    """The text of a page, where it is `docs/NAME`, with something in each of its places.

    Args:
        markdown: As mkdocs gives it to a hook, and
        page: the same.
        name: The page that has the places.
        contents: Gives what belongs there, by the text of the place; not called for other pages.
    """
    if page.file.src_uri != name:
        return markdown
    for place, content in contents().items():
        mark = f"<!-- {place} -->"
        if mark not in markdown:
            raise ValueError(f"Expected the line {mark!r} in docs/{name}; there is none.")
        markdown = markdown.replace(mark, content)
    return markdown


def table(heads, rows):
    """A table of Markdown: its heads, and its rows of cells."""
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
