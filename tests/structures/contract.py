"""The tests that every structure inherits.

A test class for a new structure derives from `StructureContract` and writes two factories:
`make()` (an unbuilt structure) and `shape()`; `exact()` may give a matrix the structure can
represent, where `make().from_dense` shall be exact.
"""

import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import structures


def dense(structure, **kwargs):
    return np.asarray(ops.convert_to_numpy(structure.to_dense(**kwargs)))


class StructureContract:
    def make(self):
        raise NotImplementedError

    def shape(self):
        raise NotImplementedError

    def built(self, dtype="float64", initializer="glorot_uniform"):
        keras.utils.set_random_seed(0)
        structure = self.make().copy(dtype=dtype)
        structure.build(self.shape(), initializer=initializer)
        return structure

    def exact(self):
        """A matrix that the structure can represent: one of its own, at its target density."""
        structure = self.built()
        for part in structures.find_structures(structure, structures.Sparse):
            part.prune()
        return dense(structure)

    # --- products against the dense form, in float64 ---

    @pytest.mark.parametrize("batch", [(), (1,), (3,), (2, 5)])
    def test_matmul_equals_the_dense_product(self, batch):
        structure = self.built()
        x = np.random.default_rng(0).normal(size=(*batch, self.shape()[0]))
        if not batch:
            x = x[None]
        y = ops.convert_to_numpy(structure.matmul(ops.convert_to_tensor(x, dtype="float64")))
        np.testing.assert_allclose(y, x @ dense(structure), rtol=1e-10, atol=1e-12)

    @pytest.mark.parametrize("training", [False, True])
    def test_products_of_rows_are_those_of_the_dense_form(self, training):
        structure, inputs = self.built(), self.shape()[0]
        x = np.random.default_rng(0).normal(size=(2, 3, inputs))
        with structure.shared_work(training):
            for first, last in ((0, inputs), (0, inputs // 3), (inputs // 3, inputs)):
                product = structure.product_of_rows(first, last)
                some = x[..., first:last]
                y = ops.convert_to_numpy(product(ops.convert_to_tensor(some, dtype="float64")))
                np.testing.assert_allclose(y, some @ dense(structure)[first:last], atol=1e-12)

    def test_matmul_transpose_equals_the_dense_product(self):
        structure = self.built()
        y = np.random.default_rng(0).normal(size=(4, self.shape()[1]))
        x = structure.matmul_transpose(ops.convert_to_tensor(y, dtype="float64"))
        np.testing.assert_allclose(ops.convert_to_numpy(x), y @ dense(structure).T, atol=1e-12)

    def test_rows_are_rows_of_the_dense_form(self):
        structure = self.built()
        ids = np.array([[0, 3], [self.shape()[0] - 1, 1]], dtype="int32")
        rows = ops.convert_to_numpy(structure.rows(ops.convert_to_tensor(ids)))
        np.testing.assert_allclose(rows, dense(structure)[ids], atol=1e-12)

    def test_dense_form_has_the_shape_and_dtype(self):
        structure = self.built(dtype="float32")
        assert structure.shape == self.shape()
        assert tuple(structure.to_dense().shape) == self.shape()
        assert keras.backend.standardize_dtype(structure.to_dense().dtype) == "float32"

    # --- gradients ---

    def test_gradients_of_product_and_dense_form_agree(self):
        """Training uses the dense form, deployment the product; one step of SGD is the same."""
        x = np.random.default_rng(1).normal(size=(6, self.shape()[0])).astype("float32")
        y = np.random.default_rng(2).normal(size=(6, self.shape()[1])).astype("float32")
        trained = []
        for form in ("matmul", "to_dense"):
            structure = self.built(dtype="float32")
            before = [ops.convert_to_numpy(v) for v in structure.trainable_variables]
            layer = _Product(structure, form)
            model = keras.Sequential([keras.Input((self.shape()[0],)), layer])
            model.compile(keras.optimizers.SGD(0.1), "mse")
            model.train_on_batch(x, y)
            after = [ops.convert_to_numpy(v) for v in structure.trainable_variables]
            moves = [np.abs(a - b).max() for a, b in zip(after, before, strict=True)]
            assert min(moves) > 0, "every weight has a gradient"
            trained.append(after)
        for a, b in zip(*trained, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-6)

    # --- fits ---

    def test_fit_is_exact_where_it_can_be(self):
        w = self.exact()
        fitted = dense(self.make().copy(dtype="float64").from_dense(w))
        np.testing.assert_allclose(fitted, w, atol=1e-7 * np.abs(w).max())

    def test_fit_is_no_worse_than_other_matrices_of_the_structure(self):
        """Least squares: no scaled or disturbed version of the fit is nearer to the matrix."""
        rng = np.random.default_rng(3)
        w = rng.normal(size=self.shape())
        structure = self.make().copy(dtype="float64").from_dense(w)
        best = np.linalg.norm(dense(structure) - w)
        assert best <= np.linalg.norm(w) * (1 + 1e-9)
        weights = [ops.convert_to_numpy(v) for v in structure.trainable_variables]
        for scale in (1e-3, 1e-2):
            for _ in range(3):
                for variable, value in zip(structure.trainable_variables, weights, strict=True):
                    noise = rng.normal(size=value.shape) * scale * (np.std(value) + 1e-9)
                    variable.assign(value + noise)
                assert np.linalg.norm(dense(structure) - w) >= best * (1 - self.fit_slack)

    fit_slack = 1e-9
    """How far from the optimum `from_dense` may be, relative; 0 where the optimum is known."""

    def test_fit_refuses_what_is_not_a_finite_matrix_of_the_shape(self):
        structure = self.built()
        with pytest.raises(ValueError, match="was built for"):
            structure.from_dense(np.zeros((self.shape()[0] + 1, self.shape()[1])))
        with pytest.raises(ValueError, match="expects a matrix"):
            structure.from_dense(np.zeros(3))
        with pytest.raises(ValueError, match="1 NaN or infinite"):
            w = np.zeros(self.shape())
            w[0, 0] = np.nan
            structure.from_dense(w)

    # --- counts ---

    def test_counts_are_those_of_the_weights(self):
        structure = self.built()
        for part in structures.find_structures(structure, structures.Sparse):
            part.prune()
        stored = 0
        for variable in structure.trainable_variables:
            stored += np.count_nonzero(ops.convert_to_numpy(variable))
        # A block at the border may hang over the edge; everything else is counted one by one.
        assert structure.num_params >= stored
        assert structure.num_params - stored <= self.padded
        assert structure.num_bytes("float32", with_indices=False) == 4 * structure.num_params
        assert structure.num_bytes("int8") >= structure.num_bytes("int8", with_indices=False)
        assert structure.macs > 0

    padded = 0
    """How many stored numbers may be padding."""

    def test_unknown_dtype_of_bytes_is_refused(self):
        with pytest.raises(ValueError, match="must be one of"):
            self.built().num_bytes("float31")

    # --- initial scale ---

    def test_starts_with_the_variance_of_the_dense_matrix(self):
        """E[w^2] of glorot_uniform is 2 / (inputs + outputs); averaged over 30 seeds."""
        moments = []
        for seed in range(30):
            keras.utils.set_random_seed(seed)
            structure = self.make()
            structure.build(self.shape(), initializer=keras.initializers.GlorotUniform(seed=seed))
            moments.append(np.mean(dense(structure) ** 2))
        expected = 2 / sum(self.shape())
        tolerance = 5 * np.std(moments) / np.sqrt(len(moments)) + 0.02 * expected
        assert abs(np.mean(moments) - expected) < tolerance
        assert np.std(moments) / np.sqrt(len(moments)) < 0.35 * expected, "the test is too blunt"

    def test_zero_initialiser_gives_a_matrix_that_can_learn(self):
        structure = self.built(initializer="zeros")
        np.testing.assert_array_equal(dense(structure), 0)

    def test_fit_builds_a_model_that_is_not_built(self):
        """Keras does so while it traces, where nothing has a value yet."""
        inputs, outputs = self.shape()
        model = keras.Sequential([_BuiltAtFirstCall(self.make().copy(), self.shape())])
        model.compile("sgd", "mse")
        model.fit(np.ones((2, inputs)), np.ones((2, outputs)), verbose=0)
        assert model.layers[0].structure.built
        assert np.isfinite(model.predict(np.ones((2, inputs)), verbose=0)).all()

    def test_same_seed_same_weights(self):
        first, second = self.built(), self.built()
        for a, b in zip(first.weights, second.weights, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b))

    # --- configs, copies, saving, mixed precision ---

    def test_config_round_trip(self):
        config = keras.saving.serialize_keras_object(self.make())
        rebuilt = structures.get(config)
        assert type(rebuilt) is type(self.make())
        rebuilt.build(self.shape())
        assert [tuple(v.shape) for v in rebuilt.weights] == [
            tuple(v.shape) for v in self.built().weights
        ]

    def test_saves_and_loads_bit_exactly(self, tmp_path):
        from lrkeras import layers

        layer = layers.Dense(self.shape()[1], kernel_structure=self.make())
        model = keras.Sequential([keras.Input((self.shape()[0],)), layer])
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        for a, b in zip(model.weights, loaded.weights, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b))
        x = np.random.default_rng(0).normal(size=(3, self.shape()[0])).astype("float32")
        np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))

    @pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
    def test_mixed_precision(self, policy):
        from lrkeras import layers

        keras.utils.set_random_seed(0)
        layer = layers.Dense(self.shape()[1], kernel_structure=self.make(), dtype=policy)
        x = np.random.default_rng(0).normal(size=(3, self.shape()[0])).astype("float32")
        y = layer(x)
        assert keras.backend.standardize_dtype(y.dtype) == policy.removeprefix("mixed_")
        assert {str(v.dtype) for v in layer.trainable_variables} == {"float32"}
        expected = x @ ops.convert_to_numpy(layer.kernel).astype("float32")
        error = np.abs(ops.convert_to_numpy(ops.cast(y, "float32")) - expected).max()
        assert error < (0.01 if policy == "mixed_float16" else 0.08)

    def test_copy_is_unbuilt_and_independent(self):
        structure = self.built()
        copy = structure.copy()
        assert not copy.built
        copy.build(self.shape())
        assert all(a is not b for a, b in zip(copy.weights, structure.weights, strict=True))

    @pytest.mark.parametrize("shape", [(0, 3), (3,), (3, -1), (2, 3, 4), ("a", 2)])
    def test_bad_shape_is_refused(self, shape):
        with pytest.raises(ValueError, match="shape"):
            self.make().copy().build(shape)


class _Product(keras.layers.Layer):
    """`x W` by the product or by the dense form."""

    def __init__(self, structure, form):
        super().__init__()
        self.structure, self.form = structure, form

    def build(self, input_shape):
        pass

    def call(self, x):
        if self.form == "matmul":
            return self.structure.matmul(x)
        return ops.matmul(x, self.structure.to_dense())


class _BuiltAtFirstCall(keras.layers.Layer):
    """`x W`."""

    def __init__(self, structure, shape):
        super().__init__()
        self.structure, self.shape = structure, shape

    def build(self, input_shape):
        self.structure.build(self.shape, initializer="glorot_uniform")

    def call(self, x):
        return self.structure.matmul(x)
