"""Python code that a file holds, which runs only where the caller allows it."""

from __future__ import annotations

from typing import Any

import keras

Config = dict[str, Any]

# Layers that hold Python code or load it from elsewhere.
CODE = {
    "ClassMethod",
    "FlaxLayer",
    "JaxLayer",
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "__lambda__",
}


def refuse_code(config: Any) -> None:
    """Raises `ValueError` if a layer anywhere in a configuration holds Python code.

    A `Lambda` of a named function that the caller has registered, or gave in `custom_objects`,
    holds none: it is the caller's function that runs.
    """
    if isinstance(config, dict):
        inner = config.get("config")
        if config.get("class_name") in CODE and not _is_known_function(config):
            name = inner.get("name") if isinstance(inner, dict) else None
            raise ValueError(
                f"The layer {name!r} is a {config['class_name']}: it holds Python code, which is "
                "not run from a file. Build the model in Python with that step written anew, and "
                f"pass it as model=.{_allowance(config)}"
            )
        config = list(config.values())
    if isinstance(config, list):
        for item in config:
            refuse_code(item)


def lambda_arguments(arguments: Config) -> Config:
    """The arguments of a `Lambda` as Keras 3 reads them, from those of Keras 2."""
    function = arguments["function"]
    if isinstance(function, list):
        code, defaults, closure = function
        config = {"code": code, "defaults": defaults, "closure": closure}
        function = {"class_name": "__lambda__", "config": config}
    elif isinstance(function, str):
        function = {
            "module": "builtins",
            "class_name": "function",
            "config": function,
            "registered_name": "function",
        }
    kept: Config = {
        key: arguments[key] for key in ("name", "dtype", "trainable") if key in arguments
    }
    return {**kept, "function": function, "arguments": arguments.get("arguments") or {}}


def _is_known_function(config: Config) -> bool:
    name = _function_name(config)
    return name is not None and keras.saving.get_registered_object(name) is not None


def _function_name(config: Config) -> str | None:
    if config.get("class_name") != "Lambda" or not isinstance(config.get("config"), dict):
        return None
    function = config["config"].get("function")
    if isinstance(function, dict):
        function = function.get("config")
    return function if isinstance(function, str) else None


def _allowance(config: Config) -> str:
    name = _function_name(config)
    if name is not None:
        return (
            f" Or name its function: load_model(path, custom_objects={{{name!r}: the_function}})."
        )
    if config.get("class_name") not in ("Lambda", "__lambda__"):
        return ""
    return (
        " If you trust the file and this is the version of Python that wrote it, "
        "load_model(path, safe_mode=False) runs it."
    )
