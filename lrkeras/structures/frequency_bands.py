"""Tables of words, cut into bands by how often a word occurs."""

import keras
import numpy as np
from keras import ops

from lrkeras.structures.composite import Composite
from lrkeras.structures.dense import Dense
from lrkeras.structures.low_rank import LowRank

_DEFAULT_COMPRESSION = 2
_DEFAULT_WHOLE_SHARE = 0.5


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class FrequencyBands(Composite):
    """A table of words: frequent ones with rows of their own, rare ones with low-rank factors.

    The table `T` of shape `(words, width)` is cut into bands of neighbouring words, the most
    frequent first. A band without a rank keeps whole rows; one with the rank `r` is `L R` with `L`
    of shape `(words of the band, r)` and `R` of shape `(r, width)`:

        T = [T_1; L_2 R_2; L_3 R_3; ...]

    A few words make up most of a text, so most look-ups and most of the probability meet rows that
    are stored whole, while most of the table is small. GroupReduce (Chen et al. 2018,
    arXiv 1806.06950, sect. 3.2); widths that fall with the frequency: Baevski and Auli 2019
    (arXiv 1809.10853, sect. 3).

    For `lrkeras.layers.Embedding`, tied or not, whose matrix is `T`, and for a
    `lrkeras.layers.Dense` that gives logits, whose matrix is `T` transposed. As a product it is
    one or two products for each band, side by side.

    Args:
        sizes: Words of each band, such as `(2000, 8000)`; they add up to the size of the
            vocabulary.
        ranks: Rank of each band, or `None` for one whose rows are stored whole: `(None, 32)`.
        compression: Instead of both: two bands that together are at least this many times smaller
            than the table. Default: 2.
        whole_share: With `compression`: the share of the numbers stored that are whole rows.
        order: Ids of the words from the most to the least frequent, where the vocabulary is in
            another order; it is kept in the config. `None`: ids are given by frequency already,
            which is faster, since logits then need not be put in order.
        axis: Which side of the matrix the words are: 0 for the rows of an embedding, 1 for the
            columns of an output layer; `None`: the longer one.

    Raises:
        ValueError: At once, if sizes and ranks are no positive integers or not as many as each
            other, or the share is not between 0 and 1; when it is built, if the sizes do not add
            up to the words of the matrix, or `order` does not hold each of them once.

    Example:
        >>> table = FrequencyBands(sizes=(2000, 8000), ranks=(None, 32))
        >>> table.build((10_000, 96))
        >>> table.num_params  # of 960,000
        451072
    """

    multiplies_by_factor = True
    other_size_arguments = ("sizes", "ranks")

    def __init__(
        self,
        sizes=None,
        ranks=None,
        *,
        order=None,
        axis=None,
        whole_share=_DEFAULT_WHOLE_SHARE,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if (sizes is None) != (ranks is None) or (
            sizes is not None and self.compression is not None
        ):
            raise ValueError(
                "FrequencyBands takes `sizes` and `ranks`, or `compression`. Received: "
                f"sizes={sizes}, ranks={ranks}, compression={self.compression}"
            )
        if axis not in (None, 0, 1):
            raise ValueError(f"`axis` of FrequencyBands must be 0, 1 or None. Received: {axis}")
        if not 0 < whole_share < 1:
            raise ValueError(
                "`whole_share` of FrequencyBands must be between 0 and 1. Received: "
                f"whole_share={whole_share}"
            )
        self._given = None if sizes is None else (_checked_sizes(sizes), _checked_ranks(ranks))
        if self._given is not None and len(self._given[0]) != len(self._given[1]):
            raise ValueError(
                "FrequencyBands needs a rank, or None, for each band. Received: "
                f"sizes={tuple(sizes)}, ranks={tuple(ranks)}"
            )
        self.sizes, self.ranks = self._given or (None, None)
        self.order = None if order is None else tuple(int(word) for word in np.ravel(order))
        self.axis = axis
        self.whole_share = whole_share
        self.parts = []

    @property
    def num_words(self):
        """Words of the table: rows of an embedding, columns of an output layer."""
        return self.shape[self._words]

    @property
    def _words(self):
        """The side of the matrix that the words are."""
        return int(self.shape[1] > self.shape[0]) if self.axis is None else self.axis

    # --- building ---------------------------------------------------------------------------

    def _prepare(self):
        words, width = self.num_words, self.shape[1 - self._words]
        if self._given is None:
            self.sizes, self.ranks = self._resolve(words, width)
        if sum(self.sizes) != words:
            raise ValueError(
                f"`sizes` of FrequencyBands must add up to the {words} words of the matrix. "
                f"Received: sizes={self.sizes}, which add up to {sum(self.sizes)}"
            )
        self._ends = np.cumsum(self.sizes)[:-1].tolist()
        self._place = None
        if self.order is not None:
            if sorted(self.order) != list(range(words)):
                raise ValueError(
                    f"`order` of FrequencyBands must hold each id from 0 to {words - 1} once, the "
                    f"most frequent first. Received: {len(self.order)} ids, "
                    f"{len(set(self.order))} of them different"
                )
            # Of each word among the bands: the inverse of the order.
            self._place = np.argsort(self.order).astype(np.int32)

    def _resolve(self, words, width):
        """Two bands for `compression`: as many whole rows as their share of the numbers allows."""
        compression = self.compression or _DEFAULT_COMPRESSION
        beside = self.overhead + self.spent
        dense = words * width + self.overhead
        budget = int(dense / compression - beside + 1e-9)
        smallest = words + width
        if budget < smallest:
            reach = dense / (smallest + beside)
            raise ValueError(
                f"FrequencyBands cannot make a table of {words} words x {width} numbers "
                f"{compression:g} times smaller: the smallest, one band of rank 1, is "
                f"{reach:.4g} times smaller. Ask for compression <= "
                f"{int(reach * 1000) / 1000:g}."
            )
        head = int(budget * self.whole_share) // width
        rank = (budget - head * width) // (words - head + width)
        rank = max(1, min(rank, width))
        # What rounding the rank left over goes to whole rows.
        head = max(0, min(words - rank, (budget - rank * (words + width)) // max(1, width - rank)))
        return ((head, words - head), (None, rank)) if head else ((words,), (rank,))

    def _create_weights(self, init):
        width = self.shape[1 - self._words]
        for number, (size, rank) in enumerate(zip(self.sizes, self.ranks, strict=True)):
            kind = Dense if rank is None else LowRank
            sizes = {} if rank is None else {"rank": rank}
            part = kind(name=f"band_{number}", dtype=self.dtype_policy, **sizes)
            part.build((size, width), 0, init)
            self.parts.append(part)

    # --- products ---------------------------------------------------------------------------

    def matmul(self, x, training=False):
        return self._logits(x) if self._words else self._mixture(x)

    def matmul_transpose(self, y):
        return self._mixture(y) if self._words else self._logits(y)

    def rows(self, ids):
        if self._words:
            return super().rows(ids)
        if self._place is not None:
            ids = ops.take(self._place, ids)
        if len(self.parts) == 1:
            return self.parts[0].rows(ids)
        total, start = None, 0
        for part in self.parts:
            end = start + part.shape[0]
            # Every band is asked for some row; only the right one's is kept. An id below the first
            # word or above the last is left as it is, for the look-up to refuse.
            place, found = ids, None
            if start > 0:
                place, found = ops.maximum(ids - start, 0), ids >= start
            if end < self.num_words:
                place = ops.minimum(place, part.shape[0] - 1)
                found = ids < end if found is None else ops.logical_and(found, ids < end)
            rows = part.rows(place)
            rows = rows * ops.expand_dims(ops.cast(found, rows.dtype), -1)
            total, start = rows if total is None else total + rows, end
        return total

    def to_dense(self, training=False):
        table = ops.concatenate([part.to_dense() for part in self.parts], axis=0)
        if self._place is not None:
            table = ops.take(table, self._place, axis=0)
        return ops.transpose(table) if self._words else table

    def _logits(self, y):
        """`y T^T`: from shape `(..., width)` to `(..., words)`."""
        logits = ops.concatenate([part.matmul_transpose(y) for part in self.parts], axis=-1)
        return logits if self._place is None else ops.take(logits, self._place, axis=-1)

    def _mixture(self, x):
        """`x T`: from shape `(..., words)` to `(..., width)`."""
        if self.order is not None:
            x = ops.take(x, np.asarray(self.order, np.int32), axis=-1)
        pieces = ops.split(x, self._ends, axis=-1)
        return sum(part.matmul(piece) for part, piece in zip(self.parts, pieces, strict=True))

    # --- fits -------------------------------------------------------------------------------

    def _bands(self):
        """Each band and the ids of its words."""
        words = np.arange(self.num_words) if self.order is None else np.asarray(self.order)
        return zip(self.parts, np.split(words, self._ends), strict=True)

    def _fit(self, w):
        table = w.T if self._words else w
        for part, words in self._bands():
            part.from_dense(table[words])

    def _fit_weighted(self, w, weighting):
        """Each band is fitted by itself, its words weighted by how often they occur."""
        table, weighting = (w.T, weighting.transposed()) if self._words else (w, weighting)
        for part, words in self._bands():
            part.fit(table[words], weighting.rows(words))

    # --- saving -----------------------------------------------------------------------------

    def get_config(self):
        config = {**super().get_config(), "axis": self.axis}
        if self._given is not None:
            config["sizes"], config["ranks"] = self._given
        if self.order is not None:
            config["order"] = list(self.order)
        if self.whole_share != _DEFAULT_WHOLE_SHARE:
            config["whole_share"] = self.whole_share
        return config


def _checked_sizes(sizes):
    if not sizes or not all(_is_positive(size) for size in sizes):
        raise ValueError(
            f"`sizes` of FrequencyBands must be positive integers. Received: sizes={sizes}"
        )
    return tuple(int(size) for size in sizes)


def _checked_ranks(ranks):
    if not all(rank is None or _is_positive(rank) for rank in ranks):
        raise ValueError(
            "`ranks` of FrequencyBands must be positive integers, or None where rows are stored "
            f"whole. Received: ranks={ranks}"
        )
    return tuple(None if rank is None else int(rank) for rank in ranks)


def _is_positive(value):
    return isinstance(value, (int, np.integer)) and value > 0
