"""Scripts are no package: a test gets them as modules from here."""

import importlib.util
import pathlib

ROOT = pathlib.Path(__file__).parents[1]


def tool_file(name, folder="tools"):
    """The path of a script, wherever it is below a folder of the repository."""
    (file,) = (ROOT / folder).rglob(f"{name}.py")
    return file


def load_tool(name, folder="tools"):
    """The module of a script below a folder of the repository, made anew at every call."""
    spec = importlib.util.spec_from_file_location(name, tool_file(name, folder))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
