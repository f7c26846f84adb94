"""Models as people bring them: one of every kind, small, with random weights.

Each is saved as its owner would have saved it, and is read back by `lrkeras.load_model`.
"""

import dataclasses
import pathlib
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops


@dataclasses.dataclass(frozen=True)
class Brought:
    """A model of somebody's.

    Attributes:
        name: What it is called in the table.
        kind: What is special about it.
        make: Builds it.
        saved_as: `.keras`, `.h5`, `.weights.h5` (of Keras 3), or `keras_2.h5`, `keras_2.keras` and
            `keras_2` (a SavedModel folder), which `make(tf_keras.layers)` is for.
        options: Of `convert`.
    """

    name: str
    kind: str
    make: Callable[..., Any]
    saved_as: str = ".keras"
    options: dict[str, Any] = dataclasses.field(default_factory=dict)

    def save(self, folder: pathlib.Path) -> tuple[pathlib.Path, Callable[[list], list]]:
        """Writes the model's file.

        Returns:
            The file, and what its owner's framework computes from inputs in the model's order.
        """
        keras.utils.set_random_seed(0)
        path = folder / f"{self.name.replace(' ', '_')}{_suffix(self.saved_as)}"
        with warnings.catch_warnings():
            # Keras deprecates the formats that it is asked for.
            warnings.simplefilter("ignore")
            if self.saved_as.startswith("keras_2"):
                import tf_keras

                tf_keras.utils.set_random_seed(0)
                model = self.make(tf_keras)
                options = {"save_format": "tf"} if self.saved_as == "keras_2" else {}
                model.save(str(path), **options)
            else:
                model = self.make()
                save = model.save_weights if self.saved_as == ".weights.h5" else model.save
                save(str(path))

        def run(inputs: list) -> list:
            outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
            return [np.asarray(output) for output in keras.tree.flatten(outputs)]

        return path, run


def _suffix(saved_as: str) -> str:
    return saved_as.removeprefix("keras_2") if saved_as.startswith("keras_2") else saved_as


def activity_window():
    """Human activity from a fixed window of sensors."""
    return keras.Sequential(
        [
            keras.Input((64, 6)),
            layers.LSTM(32),
            layers.Dropout(0.5),
            layers.Dense(6, activation="softmax"),
        ]
    )


def next_word():
    """The next word after a padded context."""
    x = keras.Input((16,), dtype="int32", name="words")
    h = layers.Embedding(500, 32, mask_zero=True)(x)
    return keras.Model(x, layers.Dense(500, activation="softmax")(layers.LSTM(48)(h)))


def characters():
    """Characters, one after the other."""
    x = keras.Input((None,), dtype="int32", name="characters")
    h = layers.Embedding(60, 24)(x)
    for units in (64, 64):
        h = layers.GRU(units, return_sequences=True)(h)
    return keras.Model(x, layers.Dense(60)(h))


def tagger():
    """A label for every word, from both sides."""
    x = keras.Input((20,), dtype="int32", name="words")
    h = layers.Bidirectional(layers.LSTM(24, return_sequences=True))(layers.Embedding(300, 24)(x))
    return keras.Model(x, layers.TimeDistributed(layers.Dense(9, activation="softmax"))(h))


def keyword():
    """Sound, with causal convolutions."""
    x = keras.Input((None, 40))
    h = layers.ReLU()(layers.BatchNormalization()(layers.Conv1D(32, 3, padding="causal")(x)))
    return keras.Model(x, layers.Dense(12)(layers.GRU(32, return_sequences=True)(h)))


def look_ahead():
    """Sound, with convolutions that see the future."""
    x = keras.Input((None, 24))
    h = layers.Conv1D(24, 5, padding="same", activation="relu")(x)
    return keras.Model(x, layers.Dense(8)(layers.LSTM(24, return_sequences=True)(h)))


def conv_pool_window():
    """Convolution, pooling and both directions over a window."""
    x = keras.Input((40, 4))
    h = layers.MaxPooling1D(2)(layers.Conv1D(16, 5, activation="relu")(x))
    return keras.Model(x, layers.Dense(3)(layers.Bidirectional(layers.LSTM(16))(h)))


def strided():
    """A convolution with a stride before the layer, in chunks."""
    x = keras.Input((None, 16))
    h = layers.Conv1D(16, 2, strides=2, padding="causal", activation="relu")(x)
    return keras.Model(x, layers.Dense(4)(layers.GRU(16, return_sequences=True)(h)))


def autoencoder():
    """Anomalies in a series."""
    x = keras.Input((16, 3))
    h = layers.RepeatVector(16)(layers.LSTM(8)(x))
    h = layers.LSTM(8, return_sequences=True)(h)
    return keras.Model(x, layers.TimeDistributed(layers.Dense(3))(h))


def static_and_series():
    """A series, and what stays the same beside it."""
    x, s = keras.Input((24, 5), name="series"), keras.Input((4,), name="static")
    h = layers.Concatenate()([layers.LSTM(16)(x), layers.Dense(8, activation="relu")(s)])
    return keras.Model([x, s], layers.Dense(1)(h))


def past_and_future():
    """Two series of different lengths."""
    past, future = keras.Input((24, 5), name="past"), keras.Input((6, 2), name="future")
    h = layers.RepeatVector(6)(layers.GRU(16)(past))
    h = layers.GRU(16, return_sequences=True)(layers.Concatenate()([h, future]))
    return keras.Model([past, future], layers.Dense(1)(h))


def translation(attention=None):
    """An encoder and a decoder, as they are trained."""
    source = keras.Input((12,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    encoded, *states = layers.LSTM(24, return_sequences=True, return_state=True, name="encoder")(
        layers.Embedding(80, 16, name="source_words")(source)
    )
    decoded = layers.LSTM(24, return_sequences=True, name="decoder")(
        layers.Embedding(90, 16, name="target_words")(target), initial_state=states
    )
    if attention is not None:
        decoded = layers.Concatenate()([decoded, attention()([decoded, encoded])])
    return keras.Model([source, target], layers.Dense(90, activation="softmax")(decoded))


def decoder():
    """A decoder alone: tokens and states in, logits and states out."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    h, c = keras.Input((24,), name="h"), keras.Input((24,), name="c")
    y, *states = layers.LSTM(24, return_sequences=True, return_state=True)(
        layers.Embedding(90, 16)(tokens), initial_state=[h, c]
    )
    return keras.Model([tokens, h, c], [layers.Dense(90)(y), *states])


def masked():
    """Padded sequences of numbers."""
    x = keras.Input((20, 4))
    return keras.Model(x, layers.Dense(3)(layers.LSTM(16)(layers.Masking(-1.0)(x))))


def video():
    """Pictures, one after the other, with convolutions inside the cell."""
    x = keras.Input((5, 12, 12, 1))
    h = layers.ConvLSTM2D(4, 3, padding="same")(x)
    return keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling2D()(h)))


def frames():
    """Pictures, each through a small network of its own."""
    x = keras.Input((6, 12, 12, 3))
    picture = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
        ],
        name="picture",
    )
    return keras.Model(x, layers.Dense(4)(layers.LSTM(16)(layers.TimeDistributed(picture)(x))))


def residual():
    """Layers around which their inputs go."""
    x = keras.Input((None, 32))
    h = x
    for _ in range(2):
        h = layers.Add()(
            [h, layers.LSTM(32, return_sequences=True)(layers.LayerNormalization()(h))]
        )
    return keras.Model(x, layers.Dense(5)(h))


def self_attention():
    """Attention over the outputs of a layer."""
    x = keras.Input((16, 8))
    h = layers.LSTM(16, return_sequences=True)(x)
    h = layers.Add()([h, layers.MultiHeadAttention(2, 8)(h, h)])
    return keras.Model(x, layers.Dense(3)(layers.GlobalAveragePooling1D()(h)))


@keras.saving.register_keras_serializable(package="lrkeras_tools")
class MinimalCell(keras.Layer):
    """A cell of somebody's own: one gate."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape: Any) -> None:
        """Makes the weights."""
        self.kernel = self.add_weight(shape=(input_shape[-1], 2 * self.units))
        self.recurrent = self.add_weight(shape=(self.units, self.units))

    def call(self, inputs: Any, states: Any) -> Any:
        """One step."""
        gate, new = ops.split(ops.matmul(inputs, self.kernel), 2, axis=-1)
        gate = ops.sigmoid(gate + ops.matmul(states[0], self.recurrent))
        output = gate * states[0] + (1 - gate) * ops.tanh(new)
        return output, [output]

    def get_config(self) -> dict:
        """The units."""
        return {**super().get_config(), "units": self.units}


def own_cell():
    """A cell written in keras.ops."""
    x = keras.Input((None, 8))
    return keras.Model(x, layers.Dense(2)(layers.RNN(MinimalCell(16), return_sequences=True)(x)))


def stacked_cells():
    """Several cells in one layer."""
    x = keras.Input((None, 8))
    cells = [layers.LSTMCell(16), layers.GRUCell(12)]
    return keras.Model(x, layers.Dense(2)(layers.RNN(cells, return_sequences=True)(x)))


def stateful():
    """States that are kept between batches."""
    x = keras.Input(batch_shape=(1, 1, 8))
    return keras.Model(x, layers.Dense(2)(layers.LSTM(16, stateful=True)(x)))


def mixed():
    """Trained in float16 and float32."""
    x = keras.Input((None, 8))
    h = layers.LSTM(16, return_sequences=True, dtype="mixed_float16")(x)
    return keras.Model(x, layers.Dense(2, dtype="float32")(h))


def backwards():
    """From the end to the start, unrolled, with dropout between the steps."""
    x = keras.Input((12, 8))
    h = layers.LSTM(16, go_backwards=True, unroll=True, recurrent_dropout=0.2)(x)
    return keras.Model(x, layers.Dense(2)(h))


def normalised():
    """Numbers that the model brings into range itself."""
    front = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 5.0, 6.0])
    x = keras.Input((None, 3))
    return keras.Model(x, layers.Dense(1)(layers.GRU(16, return_sequences=True)(front(x))))


def operations():
    """Operations of keras.ops between layers."""
    x = keras.Input((24, 6))
    h = layers.LSTM(16, return_sequences=True)(x)
    h = ops.concatenate([h[:, -1], ops.mean(h, axis=1), ops.max(h, axis=1)], axis=-1)
    return keras.Model(x, ops.softmax(layers.Dense(4)(h)))


def keras_2_sentiment(tf_keras):
    """Keras 2, with the old hard sigmoid and a GRU that resets before."""
    old = tf_keras.layers
    x = tf_keras.Input((24,))
    h = old.LSTM(16, recurrent_activation="hard_sigmoid", return_sequences=True)(
        old.Embedding(200, 16)(x)
    )
    h = old.GRU(16, reset_after=False)(h)
    return tf_keras.Model(x, old.Dense(1, activation="sigmoid")(h))


def keras_2_functions(tf_keras):
    """Keras 2, with functions of TensorFlow between the layers."""
    import tensorflow as tf

    old = tf_keras.layers
    x = tf_keras.Input((24, 6))
    h = old.Bidirectional(old.LSTM(12, return_sequences=True))(x)
    weights = tf.nn.softmax(old.Dense(1)(tf.tanh(h)), axis=1)
    return tf_keras.Model(x, old.Dense(4)(tf.reduce_sum(h * weights, axis=1) + h[:, -1, :]))


def keras_2_stack(tf_keras):
    """Keras 2, a Sequential of two layers."""
    old = tf_keras.layers
    return tf_keras.Sequential(
        [
            old.LSTM(24, return_sequences=True, input_shape=(30, 5)),
            old.Dropout(0.2),
            old.LSTM(12),
            old.Dense(1),
        ]
    )


@dataclasses.dataclass(frozen=True)
class Exported(Brought):
    """A module of PyTorch that was exported to ONNX; `make` names the file."""

    def save(self, folder: pathlib.Path) -> tuple[pathlib.Path, None]:
        """The file as it is: reading it holds it against onnxruntime."""
        return ONNX_FILES / self.make(), None


ONNX_FILES = pathlib.Path(__file__).parents[2] / "tests/importers/data"

OWN = [
    Brought("activity window", "a fixed window", activity_window),
    Brought("next word", "a masked context", next_word),
    Brought("characters", "an open length", characters),
    Brought("tagger", "both directions", tagger),
    Brought("keyword", "causal convolution", keyword, options={"steps": 40}),
    Brought("look ahead", "convolution that sees the future", look_ahead, options={"steps": 40}),
    Brought("conv pool window", "convolution and pooling", conv_pool_window),
    Brought("strided", "a stride over time", strided, options={"form": "chunk_8"}),
    Brought("autoencoder", "RepeatVector", autoencoder),
    Brought("static and series", "a vector beside a series", static_and_series),
    Brought("past and future", "inputs of two lengths", past_and_future),
    Brought("translation", "encoder and decoder", translation, options={"form": "seq2seq"}),
    Brought(
        "translation, attention",
        "the same with Attention",
        lambda: translation(layers.Attention),
        options={"form": "seq2seq"},
    ),
    Brought(
        "translation, additive",
        "the same with AdditiveAttention",
        lambda: translation(layers.AdditiveAttention),
        options={"form": "seq2seq"},
    ),
    Brought("decoder", "states as inputs", decoder, options={"form": "step"}),
    Brought("masked", "Masking", masked),
    Brought("video", "ConvLSTM2D", video),
    Brought("frames", "TimeDistributed(Conv2D)", frames),
    Brought("residual", "sums and LayerNormalization", residual),
    Brought("self attention", "MultiHeadAttention", self_attention),
    Brought("own cell", "a cell in keras.ops", own_cell),
    Brought("stacked cells", "RNN of several cells", stacked_cells),
    Brought("stateful", "stateful=True", stateful),
    Brought("mixed", "mixed precision", mixed),
    Brought("backwards", "go_backwards, unroll, recurrent_dropout", backwards),
    Brought("normalised", "Normalization", normalised),
    Brought("operations", "keras.ops between layers", operations),
    Brought("weights alone", "weights with their model", activity_window, ".weights.h5"),
    Brought("stack, h5", "HDF5 of Keras 3", residual, ".h5"),
    Brought("sentiment, Keras 2", "HDF5, hard_sigmoid", keras_2_sentiment, "keras_2.h5"),
    Brought("functions, Keras 2", "HDF5, TFOpLambda", keras_2_functions, "keras_2.h5"),
    Brought("functions, 2.15", "a .keras file of Keras 2", keras_2_functions, "keras_2.keras"),
    Brought("stack, SavedModel", "a folder of Keras 2", keras_2_stack, "keras_2"),
    Exported("torch, words", "Embedding, LSTM, Linear", lambda: "words_lstm.onnx", ".onnx"),
    Exported("torch, streaming", "h and c in and out", lambda: "streaming_lstm.onnx", ".onnx"),
    Exported(
        "torch, sound",
        "Conv1d, LSTM, BatchNorm1d",
        lambda: "conv_lstm.onnx",
        ".onnx",
        {"steps": 12},
    ),
    Exported(
        "torch, both ways",
        "GRU of two layers, both directions",
        lambda: "bidirectional_gru.onnx",
        ".onnx",
        {"steps": 12},
    ),
]
