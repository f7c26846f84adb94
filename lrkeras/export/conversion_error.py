"""The one error that conversion raises."""


class ConversionError(ValueError):
    """A model cannot be converted, or the converted file is not right.

    The message names what was expected, what was received and what to do about it. When it is
    raised, `lrkeras.export.convert` has left no file behind.

    Attributes:
        layer: Name of the layer that cannot be run as asked, if it is one.
    """

    layer: str | None = None
