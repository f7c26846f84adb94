"""Keras layers of text, as metadata of a file."""

from typing import Any

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.runtime.text_input import TextInput

_LOOKUPS = (keras.layers.StringLookup, keras.layers.IntegerLookup)
TEXT_LAYERS = (keras.layers.TextVectorization, *_LOOKUPS)

# Nothing, blanks of all kinds, punctuation, capitals with and without marks, and other scripts.
_TEXTS = (
    "",
    " ",
    "Hello, World!",
    "  two\tblanks\nand\u00a0one \u3000wide ",
    "don't stop-- (now) #1 [x] {y} ~z_ \\ / | ^ ` ' \" < > = + * & % $ @ ; : ?",
    "ÄÖÜ äöü ẞß É Straße İstanbul ΣΊΣΥΦΟΣ",
    "日本語 中文 한국어 العربية हिन्दी \u200bzero\ufeffwidth",
    "😀 👨‍👩‍👧 e\u0301 \U0001d518\x00\x1f\x85",
    "[UNK] 1234 3.14 A.B.C. “quoted” — dash…",
)


def settings_of(layer: keras.layers.Layer) -> dict[str, Any]:
    """What a runner must know to do what a layer of text does.

    Args:
        layer: One of `TEXT_LAYERS`.

    Raises:
        ConversionError: If the layer does what no runner can, such as call a Python function.
    """
    config = layer.get_config()
    _check(layer, config)
    vocabulary = [_plain(token) for token in layer.get_vocabulary()]
    settings: dict[str, Any] = {"kind": _kind(layer), "vocabulary": vocabulary}
    if isinstance(layer, keras.layers.TextVectorization):
        names = ("standardize", "split", "output_sequence_length")
        # The layer keeps 0 for the padding and 1 for what it does not know.
        return settings | {name: config[name] for name in names} | {"unknown_id": 1}
    unknown = (0 if config["mask_token"] is None else 1) if config["num_oov_indices"] else None
    return settings | {"mask_token": _plain(config["mask_token"]), "unknown_id": unknown}


def vocabulary_of(layer: keras.layers.Layer) -> list[Any]:
    """The tokens that an inverted lookup gives for 0, 1, ..."""
    return [_plain(token) for token in layer.get_vocabulary()]


def check_against_keras(
    layer: keras.layers.Layer, settings: dict[str, Any], samples: list[Any]
) -> None:
    """Holds the runner's text stage against the layer.

    Args:
        layer: The layer.
        settings: What `settings_of` gave.
        samples: Texts or tokens of the caller's, compared beside made-up ones.

    Raises:
        ConversionError: If one of them gets other ids.
    """
    stage = TextInput(settings)
    known = stage.vocabulary[:100]
    for text in [*samples, *_made_up(layer, known)]:
        expected = _keras_ids(layer, text, settings["unknown_id"] is None)
        if expected is None:  # the layer itself refuses it
            continue
        received = np.atleast_1d(stage.ids(text))
        if not np.array_equal(expected, received):
            raise ConversionError(
                f"Expected the runner to give the ids of `{layer.name}` for {text!r}, "
                f"{expected.tolist()}, received {received.tolist()}. {_way_on(layer)}"
            )


def ids_of(layer: keras.layers.Layer, sample: Any) -> np.ndarray:
    """The ids that a layer gives for a caller's sample of texts or tokens."""
    array = np.asarray(sample)
    if isinstance(layer, keras.layers.TextVectorization) and array.ndim > 1:
        array = array.reshape(-1)
    given = array.astype(object) if array.dtype.kind in "US" else array
    return np.asarray(layer(_tensor(given)))


def _made_up(layer: keras.layers.Layer, known: list[Any]) -> list[Any]:
    if isinstance(layer, keras.layers.IntegerLookup):
        return [*known, -7, 0, 123456]
    if isinstance(layer, keras.layers.StringLookup):
        return [*known, *_TEXTS]
    return [*_TEXTS, " ".join(known), " ".join(known).upper(), "".join(known)]


def _keras_ids(layer: keras.layers.Layer, text: Any, may_refuse: bool) -> np.ndarray | None:
    try:
        found = layer(_tensor(np.array([text], object if isinstance(text, str) else np.int64)))
    except Exception:
        if may_refuse:
            return None
        raise
    row = np.asarray(found)
    return np.atleast_1d(row[0] if isinstance(layer, keras.layers.TextVectorization) else row)


def _tensor(values: np.ndarray) -> Any:
    return keras.ops.convert_to_tensor(values, dtype="string" if values.dtype == object else None)


def _kind(layer: keras.layers.Layer) -> str:
    return next(kind.__name__ for kind in TEXT_LAYERS if isinstance(layer, kind))


def _check(layer: keras.layers.Layer, config: dict[str, Any]) -> None:
    faults = {
        "standardize": config.get("standardize")
        not in (None, "lower", "strip_punctuation", "lower_and_strip_punctuation"),
        "split": config.get("split") not in (None, "whitespace", "character"),
        "ngrams": config.get("ngrams") is not None,
        "output_mode": config["output_mode"] != "int",
        "num_oov_indices": config.get("num_oov_indices", 1) > 1,
        "ragged": bool(config.get("ragged")),
        "sparse": bool(config.get("sparse")),
    }
    wrong = [f"{name}={_shown(config[name])}" for name, fault in faults.items() if fault]
    if wrong:
        raise ConversionError(
            f"Expected text layers that a runner on a phone can do, received `{layer.name}` "
            f"({_kind(layer)}) with {', '.join(wrong)}. {_way_on(layer)}"
        )


def _shown(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)


def _way_on(layer: keras.layers.Layer) -> str:
    return (
        f'Convert the rest, keras.Model(model.get_layer("{layer.name}").output, model.outputs), '
        "and do what the layer does before the file is called."
    )


def _plain(token: Any) -> Any:
    """A token as JSON holds it."""
    if token is None:
        return None
    return int(token) if isinstance(token, (int, np.integer)) else str(token)
