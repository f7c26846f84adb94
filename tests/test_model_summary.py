import json

import keras
import numpy as np
import pytest
from rich.console import Console

import lrkeras
from lrkeras import layers, structures

L = keras.layers


def inner(units):
    made = [keras.Input((None, units)), layers.LSTM(units, return_sequences=True, name="lstm")]
    return keras.Sequential(made, name=f"inner_{units}")


def test_counts_by_hand():
    structure = structures.LowRank(rank=2)
    lstm = layers.LSTM(16, return_sequences=True, recurrent_structure=structure)
    model = keras.Sequential([keras.Input((None, 8)), lstm, L.Dense(3, name="out")], name="small")
    found = lrkeras.summary(model)
    assert found.model == "small"
    recurrent, kernel, bias = 4 * 2 * (16 + 16), 8 * 64, 64
    first, second = found.layers
    assert (first.params, first.macs) == (recurrent + kernel + bias, recurrent + kernel)
    assert first.dense_params == 16 * 64 + kernel + bias
    assert (second.name, second.params, second.macs) == ("out", 16 * 3 + 3, 16 * 3)
    assert found.params == first.params + second.params
    assert found.bytes == found.bytes_without_indices == 4 * found.params
    assert found.macs == first.macs + second.macs
    assert found.bits_per_weight == pytest.approx(32 * found.params / found.dense_params)


def test_layers_of_one_name_in_two_inner_models_are_two():
    """Counted by name, both would have the sizes of the last."""
    x = keras.Input((None, 32))
    narrow = L.Dense(32, use_bias=False)(inner(32)(x))
    wide = inner(64)(L.Dense(64, use_bias=False)(narrow))
    model = keras.Model(x, wide)
    found = lrkeras.summary(model)
    assert [row.name for row in found.layers].count("lstm") == 2
    expected = sum(4 * (2 * n * n + n) for n in (32, 64)) + 32 * 32 + 32 * 64
    assert found.params == found.dense_params == expected
    assert found.bytes == 4 * expected
    assert found.params == sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def test_a_layer_that_is_used_twice_has_one_row():
    x, shared = keras.Input((5,)), L.Dense(5, use_bias=False, name="shared")
    found = lrkeras.summary(keras.Model(x, shared(shared(x))))
    assert [(row.name, row.params) for row in found.layers] == [("shared", 25)]


def test_what_layers_share_counts_once_in_the_whole():
    """Two layers whose recurrent matrices share the projection, of 16 x 2 numbers."""
    shared = structures.SharedLowRank(rank=2, group="both")
    made = [
        layers.LSTM(16, return_sequences=True, recurrent_structure=shared, gate_layout="stacked")
        for _ in range(2)
    ]
    model = keras.Sequential([keras.Input((None, 16)), *made])
    found = lrkeras.summary(model)
    weights = {id(w): int(np.prod(w.shape)) for w in model.trainable_weights}
    assert found.params == sum(weights.values())
    # The projection is in the row of the layer that made it.
    assert [row.params - 16 * 64 for row in found.layers] == [16 * 2 + 2 * 64 + 64, 2 * 64 + 64]
    assert found.bytes == 4 * found.params


def test_json_and_table_say_the_same():
    model = keras.Sequential([keras.Input((4,)), L.Dense(1000, name="wide")])
    found = lrkeras.summary(model)
    content = json.loads(found.to_json())
    assert content["params"] == 5000 and content["layers"][0]["name"] == "wide"
    assert content["bits_per_weight"] == 32
    console = Console(width=150, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(found.render(title="A title"))
    console.file.close()
    text = console.export_text()
    assert "A title" in text and "wide (Dense)" in text and "20,000" in text


def test_what_is_no_built_model_is_refused():
    with pytest.raises(TypeError, match=r"a keras\.Model to summarise, received LSTM"):
        lrkeras.summary(layers.LSTM(3))
    with pytest.raises(TypeError, match="received str"):
        lrkeras.summary("model.keras")
    with pytest.raises(ValueError, match="received 'later', which has no weights yet"):
        lrkeras.summary(keras.Sequential([L.Dense(3)], name="later"))
