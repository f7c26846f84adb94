import keras
import numpy as np
import pytest

from lrkeras.tuning.tuning_data import TuningData


@pytest.fixture(scope="module")
def pair():
    series = keras.Input((5, 2), name="series")
    fixed = keras.Input((3,), name="fixed")
    joined = keras.layers.Concatenate()([keras.layers.LSTM(4)(series), fixed])
    return keras.Model([series, fixed], keras.layers.Dense(1, name="level")(joined))


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    x = {"series": rng.normal(size=(7, 5, 2)), "fixed": rng.normal(size=(7, 3))}
    return x, rng.normal(size=(7, 1))


def _rows(x, y, rows):
    return {name: value[rows] for name, value in x.items()}, y[rows]


class _Batches(keras.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 2

    def __getitem__(self, index):
        rows = slice(4 * index, 4 * index + 4)
        return _rows(self.x, self.y, rows)


def _of_tensorflow(x, y):
    tf = pytest.importorskip("tensorflow")
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(4)


@pytest.mark.parametrize(
    "given",
    [
        lambda x, y: (x, y),
        lambda x, y: ([x["series"], x["fixed"]], y),
        lambda x, y: [_rows(x, y, slice(0, 4)), _rows(x, y, slice(4, 7))],
        _Batches,
        _of_tensorflow,
    ],
    ids=["dict", "list", "batches", "PyDataset", "tf.data"],
)
def test_all_that_fit_takes_is_the_same(pair, arrays, given):
    x, y = arrays
    found = TuningData.of(pair, given(x, y), "train")
    assert list(found.x) == ["series", "fixed"] and len(found) == 7
    np.testing.assert_array_equal(found.x["series"], x["series"])
    np.testing.assert_array_equal(found.y, y)


def test_arrays_of_a_file_go_by_their_names(pair, arrays):
    x, y = arrays
    held_out = {f"{name}_val": value[:3] for name, value in {**x, "y": y}.items()}
    content = {**x, "y": y, **held_out, "sample_weight": np.ones(7)}
    assert len(TuningData.of_arrays(pair, content, "")) == 7
    assert TuningData.of_arrays(pair, content, "").weights is not None
    assert len(TuningData.of_arrays(pair, content, "_val")) == 3
    with pytest.raises(ValueError, match="Expected arrays series_test, fixed_test, y_test"):
        TuningData.of_arrays(pair, content, "_test")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x, y: ({**x, "series": x["series"][:, :4]}, y), r"'series'.*\(7, 4, 2\)"),
        (lambda x, y: ({"series": x["series"]}, y), "Expected the inputs"),
        (lambda x, y: (x, y[:5]), r"as many inputs as targets.*\[5, 7\]"),
        (lambda x, y: x, "Expected `train` as"),
        (lambda x, y: [], "Expected batches in `train`, received none"),
        (lambda x, y: _of_tensorflow(x, y).repeat(), "endless"),
    ],
)
def test_what_does_not_fit_is_refused(pair, arrays, change, said):
    with pytest.raises(ValueError, match=said):
        TuningData.of(pair, change(*arrays), "train")
