"""What the runtimes that a file may be written for can read."""

import dataclasses

from lrkeras.export.conversion_error import ConversionError


@dataclasses.dataclass(frozen=True)
class TargetRuntime:
    """A version of the TFLite / LiteRT runtime that a file must run on.

    Attributes:
        name: `"latest"` or a version such as `"2.16"`.
        per_channel: Whether FULLY_CONNECTED reads one int8 scale for each output (operator
            version 12, from runtime 2.17).
    """

    name: str
    per_channel: bool

    @classmethod
    def get(cls, name: str) -> "TargetRuntime":
        """Looks a runtime up by its name.

        Raises:
            ConversionError: If the name is not one of the known ones.
        """
        if name not in _RUNTIMES:
            raise ConversionError(
                f"Expected `runtime` to be one of {sorted(_RUNTIMES)}, received {name!r}."
            )
        return cls(name, per_channel=_RUNTIMES[name])


_RUNTIMES = {"latest": True, "2.20": True, "2.16": False, "2.14": False}
