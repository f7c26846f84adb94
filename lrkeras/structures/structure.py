"""The base of every structured matrix."""

import contextlib
import math

import keras
import numpy as np
from keras import ops

from lrkeras.structures.bytes_of import bytes_of
from lrkeras.structures.factor_initializer import FactorInitializer
from lrkeras.structures.finite_matrix import finite_matrix, pretty_shape
from lrkeras.structures.settled_size import checked_size, settled_size
from lrkeras.structures.weighted_fit import projected_gradient

METHODS = (None, "svd", "semi_nmf")  # of `Structure.fit`


class Structure(keras.layers.Layer):
    """A weight matrix `W` of shape `(inputs, outputs)`, stored in fewer numbers than it has.

    The orientation is that of a Keras kernel: `matmul(x)` is `x @ W`. The papers write
    `y = A x`, so their `A` is our `W` transposed and their *rows* are our outputs.

    A structure is made without weights and can be passed to any number of layers: each layer
    builds a copy of its own. To add one, write `_create_weights` and `to_dense` (or `matmul`),
    and `_fit` for `from_dense`; everything else is inherited with a slow but correct default.
    A structure with a size to choose (a rank, a number of terms) names the argument in
    `size_argument` and writes `_params_at` and `_largest_size`, which gives it `compression=`
    and its error messages.

    Args:
        compression: Number > 1. Instead of the size: the largest size whose matrix, together
            with the parameters that stay beside it (`overhead` in `build`, biases), is at
            least this many times smaller than the dense one.
        name, dtype: As in every Keras layer.
    """

    size_argument = None
    """Name of the integer argument that sets the size, or `None` if there is none."""

    other_size_arguments = ()
    """Names of the arguments that set the size where it is no single integer."""

    stores_first_outputs_whole = False
    """Whether the first outputs are exact, so that those that are hardest to fit go there."""

    is_sparse = False
    """Whether a mask says which entries are zero; such a part starts training dense."""

    multiplies_by_factor = False
    """Whether `matmul` is a few large products, as fast as their multiplications are few.

    A loop over time then does not form the matrix where `macs` is much smaller than it.
    """

    fits_few_bits = True
    """Whether files can hold its numbers as `lrkeras.quantize_aware` rounds them, to four bits."""

    _sum_of = None  # set by `Sum`, which builds on this class

    def __init__(self, *, compression=None, **kwargs):
        super().__init__(**kwargs)
        if compression is not None and not self._size_arguments():
            raise ValueError(
                f"{type(self).__name__} has no size that `compression` could choose. Received: "
                f"compression={compression}. Leave it out, or give it to a structure with a size."
            )
        if compression is not None and not (math.isfinite(compression) and compression > 1):
            raise ValueError(
                f"`compression` of {type(self).__name__} must be a number above 1. "
                f"Received: compression={compression}"
            )
        self.compression = compression
        self.shape = None
        self.spent = 0  # parameters of other terms of a sum, when `compression` is resolved
        self._given_size = None

    @classmethod
    def _size_arguments(cls):
        """Names of the arguments in whose place `compression` may be given."""
        single = () if cls.size_argument is None else (cls.size_argument,)
        return cls.other_size_arguments or single

    # --- building ---------------------------------------------------------------------------

    def build(self, shape, overhead=0, initializer="glorot_uniform"):
        """Creates the weights.

        Args:
            shape: `(inputs, outputs)` of the matrix.
            overhead: Parameters stored beside the matrix and not compressed with it (biases);
                counted when `compression` is resolved.
            initializer: What the dense matrix would be initialised with, a Keras initialiser or
                a `FactorInitializer`. The structured matrix starts with the same variance.

        Raises:
            ValueError: If the shape is not two positive integers or cannot have this structure.
        """
        shape = tuple(shape)
        if len(shape) != 2 or not all(isinstance(d, (int, np.integer)) and d > 0 for d in shape):
            raise ValueError(
                f"{type(self).__name__}.build expects a shape (inputs, outputs) of two positive "
                f"integers. Received: shape={shape}"
            )
        self.shape = (int(shape[0]), int(shape[1]))
        self.overhead = overhead
        self._prepare()
        if self.size_argument is not None:
            setattr(self, self.size_argument, settled_size(self, overhead))
        self._create_weights(FactorInitializer.get(initializer, self.shape))

    def _prepare(self):
        """Settles what depends on `self.shape` alone, before the size and the weights."""

    def _create_weights(self, init):
        """Adds the weights; `init.normal(variance)` is an initialiser for one of them."""
        raise NotImplementedError(f"{type(self).__name__} must write `_create_weights(init)`.")

    def _set_size(self, value):
        """Checks and keeps the size that was given; either it or `compression` may be."""
        self._given_size = checked_size(self, value)
        setattr(self, self.size_argument, self._given_size)

    def _params_at(self, size):
        """Number of parameters of a matrix of `self.shape` with this size."""
        raise NotImplementedError(f"{type(self).__name__} must write `_params_at(size)`.")

    def _largest_size(self):
        """The largest size `self.shape` allows."""
        raise NotImplementedError(f"{type(self).__name__} must write `_largest_size()`.")

    def _default_size(self):
        """The size when neither it nor `compression` is given."""
        return max(1, min(self.shape) // 8)

    # --- products and the dense form --------------------------------------------------------

    def matmul(self, x, training=False):
        """`x @ W`, factor by factor.

        Args:
            x: Tensor of shape `(..., inputs)`.
            training: Whether training-time noise (co-matrix dropout) applies.

        Returns:
            Tensor of shape `(..., outputs)`.
        """
        return ops.matmul(x, self.to_dense(training=training))

    def matmul_transpose(self, y):
        """`y @ W^T`: from shape `(..., outputs)` to `(..., inputs)`; used by tied embeddings."""
        return ops.matmul(y, ops.transpose(self.to_dense()))

    def rows(self, ids):
        """Rows of `W`: from integer ids of any shape to shape `(*ids.shape, outputs)`."""
        return ops.take(self.to_dense(), ids, axis=0)

    def to_dense(self, training=False):
        """The matrix itself, a tensor of shape `(inputs, outputs)`, differentiable."""
        if type(self).matmul is Structure.matmul:
            raise NotImplementedError(
                f"{type(self).__name__} must write `to_dense(training)` or `matmul(x, training)`."
            )
        dtype = self.weights[0].dtype
        return self.matmul(ops.eye(self.shape[0], dtype=dtype), training=training)

    @contextlib.contextmanager
    def shared_work(self, training=False):
        """While it lasts, what all products have in common is computed once, for loops over time.

        Args:
            training: Whether the products are those of a training step.
        """
        yield

    def padded(self, x, first, last):
        """The entries of the inputs `first` to `last`, with zeros for the others."""
        ends = (first, self.shape[0] - last)
        return ops.pad(x, [(0, 0)] * (len(x.shape) - 1) + [ends]) if any(ends) else x

    def product_of_rows(self, first, last):
        """A function of `x` that is `x @ W[first:last]`, for loops over time in `shared_work`.

        What is the same for all `x` is computed now.
        """
        return self.product_of_rows_side_by_side([self], first, last)

    @classmethod
    def product_of_rows_side_by_side(cls, parts, first, last):
        """As `product_of_rows`, of equal structures next to each other."""
        return lambda x: cls.matmul_side_by_side(parts, parts[0].padded(x, first, last))

    @classmethod
    def side_by_side(cls, parts, training=False):
        """Dense forms of equal structures next to each other: `(inputs, sum of outputs)`."""
        return ops.concatenate([p.to_dense(training=training) for p in parts], axis=1)

    @classmethod
    def matmul_side_by_side(cls, parts, x, training=False):
        """Products of one `x` with equal structures, next to each other: `(..., sum of outputs)`.

        A class whose parts share work does it once, and says so in `macs_side_by_side`.
        """
        return ops.concatenate([p.matmul(x, training) for p in parts], axis=-1)

    @classmethod
    def macs_side_by_side(cls, parts):
        """Multiply-accumulates of `matmul_side_by_side` for one input vector."""
        return sum(p.macs for p in parts)

    def call(self, inputs, training=False):
        return self.matmul(inputs, training=training)

    def to_numpy(self):
        """The matrix itself as a NumPy array, float64 of shape `(inputs, outputs)`."""
        return np.asarray(ops.convert_to_numpy(self.to_dense()), np.float64)

    # --- fits -------------------------------------------------------------------------------

    def from_dense(self, w):
        """Sets the weights to the best fit of a dense matrix and returns the structure.

        Args:
            w: Array of shape `(inputs, outputs)`, finite. Builds the structure if need be.

        Raises:
            ValueError: If `w` is not a finite matrix of the structure's shape.
        """
        return self.fit(w)

    def fit(self, w, weighting=None, method=None):
        """Sets the weights to the best fit that the structure knows, and returns the structure.

        Args:
            w: Array of shape `(inputs, outputs)`, finite. Builds the structure if need be.
            weighting: What an error costs: second moments of the inputs and outputs, as
                `lrkeras.structures.weighted_fit` describes them. `None` counts every entry alike.
            method: `"semi_nmf"`: low-rank factors of which the left one is not negative, without
                `weighting`; other structures are fitted as with `None` or `"svd"`.

        Raises:
            ValueError: If `w` is not a finite matrix of the structure's shape, or the method is
                unknown.
        """
        if method not in METHODS:
            raise ValueError(f"`method` must be one of {METHODS}. Received: method={method!r}")
        w = self._checked(w)
        if method == "semi_nmf" and self._fit_semi_nmf is not None:
            self._fit_semi_nmf(w)
        elif weighting is None:
            self._fit(w)
        else:
            self._fit_weighted(w, weighting)
        return self

    def warm_start(self, w):
        """Sets the weights for training that starts from a matrix and makes it sparse in steps.

        A sparse part starts dense and holds what the other parts leave of the matrix; structures
        without one are fitted as by `from_dense`. Returns the structure.

        Args:
            w: Array of shape `(inputs, outputs)`, finite. Builds the structure if need be.

        Raises:
            ValueError: If `w` is not a finite matrix of the structure's shape.
        """
        return self.from_dense(w)

    def _checked(self, w):
        """`w` as float64; builds the structure if need be."""
        w = finite_matrix(w)
        if not self.built:
            self.build(w.shape)
        if w.shape != self.shape:
            raise ValueError(
                f"This {type(self).__name__} was built for {pretty_shape(self.shape)}. Received a "
                f"matrix of {pretty_shape(w.shape)}"
            )
        return w

    def _fit(self, w):
        """Assigns the weights that approximate the float64 array `w` best (Frobenius norm)."""
        raise NotImplementedError(f"{type(self).__name__} has no `_fit`: write one to fit `w`.")

    def _fit_weighted(self, w, weighting):
        """Assigns weights whose error costs little; see `fit`."""
        projected_gradient(self, w, weighting)

    _fit_semi_nmf = None  # for structures that have such a fit

    # --- counts -----------------------------------------------------------------------------

    @property
    def num_params(self):
        """Numbers stored, without indices."""
        return sum(math.prod(v.shape) for v in self.trainable_variables)

    @property
    def macs(self):
        """Multiply-accumulates of `matmul` for one input vector."""
        by_factor = type(self).matmul is not Structure.matmul
        return self.num_params if by_factor else math.prod(self.shape)

    @property
    def index_bytes(self):
        """Bytes that say where the stored numbers belong (0 unless something is sparse)."""
        return 0

    def num_bytes(self, dtype="float32", with_indices=True):
        """Bytes of the stored numbers in `dtype`, with or without those of their positions.

        In `"int4"` the numbers that files cannot hold in four bits count eight.
        """
        if dtype == "int4" and not self.fits_few_bits:
            dtype = "int8"
        values = bytes_of(self.num_params, dtype)
        return values + (self.index_bytes if with_indices else 0)

    # --- combining, copying, saving ---------------------------------------------------------

    def __add__(self, other):
        if not isinstance(other, Structure):
            return NotImplemented
        return self._sum_of([self, other])

    def copy(self, **overrides):
        """An unbuilt structure with the same arguments, except for `overrides`."""
        return type(self).from_config({**self.get_config(), **overrides})

    @property
    def is_full(self):
        """Whether the size was given, and is the largest that the shape allows."""
        return self._given_size is not None and self._given_size == self._largest_size()

    def summands(self):
        """The structures whose sum this one is: itself by default."""
        return [self]

    def resized(self, compression):
        """A copy that makes a matrix `compression` times smaller, whatever size this one has.

        Raises:
            ValueError: If it has no size to choose.
        """
        names = self._size_arguments()
        if not names:
            raise ValueError(
                f"{type(self).__name__} has no size that a budget could choose. Use a structure "
                "with one (LowRank, Hybrid, Kronecker, Monarch, ToeplitzLike, Sparse, doped)."
            )
        config = {key: v for key, v in self.get_config().items() if key not in names}
        return type(self).from_config({**config, "compression": compression})

    @property
    def has_settled_size(self):
        """Whether its size was given, as itself or as `compression`, or there is none to choose."""
        names = self._size_arguments()
        if not names or self.compression is not None:
            return True
        return any(name in names for name in self.get_config())

    @property
    def block_width(self):
        """How many consecutive inputs are kept or dropped together; 1 where each is by itself."""
        return 1

    def describe(self):
        """Its name in reports, by its parts, such as `"4 x (Kronecker + Sparse)"`."""
        return type(self).__name__

    def column_blocks(self):
        """The structures of equal width, side by side, that make this one: itself by default."""
        return [self]

    def flatten(self):
        """This structure and, depth first, every structure inside it."""
        return [self]

    @property
    def has_groups(self):
        """Whether it, or a structure inside it, shares weights with others by a group's name."""
        return any(getattr(s, "group", None) is not None for s in self.flatten())

    def get_config(self):
        config = super().get_config()
        if self.compression is not None:
            config["compression"] = self.compression
        if self.size_argument is not None and self._given_size is not None:
            config[self.size_argument] = self._given_size
        return config

    def get_build_config(self):
        # The owner builds its structures: a config describes an unbuilt one.
        return None
