import keras

from lrkeras.export import convert


def test_the_same_model_gives_the_same_bytes_whatever_was_built_before(tmp_path):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((None, 4)), keras.layers.LSTM(5, return_sequences=True), keras.layers.Dense(3)]
    )
    files = [tmp_path / "one.tflite", tmp_path / "two.tflite"]
    for file in files:
        convert(model, file, form="step", quantize="int8")
        for _ in range(12):  # a number more in each of Keras's own names
            keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert files[0].read_bytes() == files[1].read_bytes()
