"""Versions of the packages that results depend on."""

from importlib import metadata

_PACKAGES = ("lrkeras", "keras", "tensorflow", "tensorflow-cpu", "ai-edge-litert", "numpy")


def package_versions() -> dict[str, str]:
    """Versions of those of these packages that are installed, by name."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
