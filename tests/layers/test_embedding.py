import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import layers, structures

IDS = np.array([[0, 5, 19], [7, 7, 1]], dtype="int32")


@pytest.mark.parametrize("spec", [None, structures.LowRank(rank=3), "kronecker"])
def test_lookup_and_logits_use_one_table(spec):
    layer = layers.Embedding(20, 8, embeddings_structure=spec)
    rows = ops.convert_to_numpy(layer(IDS))
    table = ops.convert_to_numpy(layer.embeddings)
    assert table.shape == (20, 8)
    np.testing.assert_allclose(rows, table[IDS], atol=1e-6)
    logits = ops.convert_to_numpy(layer(rows, reverse=True))
    np.testing.assert_allclose(logits, table[IDS] @ table.T, atol=1e-5)


def test_untied_and_soft_capped():
    layer = layers.Embedding(
        20, 8, tie_weights=False, logit_soft_cap=0.5, embeddings_structure="low_rank"
    )
    rows = layer(IDS)
    logits = ops.convert_to_numpy(layer(rows, reverse=True))
    raw = ops.convert_to_numpy(rows) @ ops.convert_to_numpy(layer.reverse_embeddings)
    np.testing.assert_allclose(logits, 0.5 * np.tanh(raw / 0.5), atol=1e-6)


@pytest.mark.parametrize("tied", [True, False])
def test_trains_and_saves_in_a_language_model(tied, tmp_path):
    embedding = layers.Embedding(20, 8, tie_weights=tied, embeddings_structure="low_rank")
    ids = keras.Input((None,), dtype="int32")
    h = layers.LSTM(8, return_sequences=True)(embedding(ids))
    model = keras.Model(ids, embedding(h, reverse=True))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss)
    history = model.fit(IDS, IDS, epochs=20, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(model.predict(IDS, verbose=0), loaded.predict(IDS, verbose=0))


def test_lora_is_refused_where_no_matrix_is_stored_whole():
    with pytest.raises(ValueError, match="LoRA adds factors"):
        layers.Embedding(20, 8, embeddings_structure="low_rank", lora_rank=2)
    layer = layers.Embedding(20, 8, embeddings_structure="low_rank")
    layer(np.ones((1, 6), "int32"))
    with pytest.raises(ValueError, match="leave `embeddings_structure` out"):
        layer.enable_lora(2)
    layer = layers.Embedding(20, 8)
    layer(np.ones((1, 6), "int32"))
    layer.enable_lora(2)
    assert layer.lora_enabled


def test_constraint_is_refused():
    with pytest.raises(ValueError, match="never stored whole"):
        layers.Embedding(20, 8, embeddings_structure="low_rank", embeddings_constraint="non_neg")


@pytest.mark.parametrize("spec", [None, structures.LowRank(rank=4)])
def test_ids_of_zero_are_masked_in_the_graph_and_in_a_call(spec):
    keras.utils.set_random_seed(0)
    ids = keras.Input((6,), dtype="int32")
    ours = layers.Embedding(20, 8, mask_zero=True, embeddings_structure=spec)
    recurrent = keras.layers.LSTM(5)
    model = keras.Model(ids, recurrent(ours(ids)))
    x = np.array([[3, 7, 1, 0, 0, 0], [2, 0, 4, 5, 0, 1]])
    kept = recurrent(ours(x), mask=x != 0)
    np.testing.assert_allclose(
        ops.convert_to_numpy(model(x)), ops.convert_to_numpy(kept), atol=1e-6
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(model.predict(x, verbose=0)), ops.convert_to_numpy(kept), atol=1e-6
    )
    assert (
        np.abs(
            ops.convert_to_numpy(kept)
            - ops.convert_to_numpy(recurrent(ops.convert_to_numpy(ours(x))))
        ).max()
        > 1e-3
    )


def test_logits_have_no_mask():
    ids = keras.Input((6,), dtype="int32")
    ours = layers.Embedding(20, 8, mask_zero=True)
    logits = ours(ours(ids), reverse=True)
    assert getattr(logits, "_keras_mask", None) is None
