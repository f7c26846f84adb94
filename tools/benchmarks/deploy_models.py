"""The LSTM steps that tools/benchmarks/bench_deploy.py compares: one layer, as many inputs as units."""

import dataclasses
import pathlib
from collections.abc import Callable

import keras

from lrkeras import convert, layers, sparsify, structures
from lrkeras.export import ConversionReport
from lrkeras.structures import Sparse, find_structures


@dataclasses.dataclass(frozen=True)
class Variant:
    """A layer and its file.

    Attributes:
        name: The file's name.
        structure: Makes the structure over [x; h]; None for a dense matrix.
        gate_layout: One matrix for the four gates (`"stacked"`), or one each.
        quantize: As `convert` takes it.
    """

    name: str
    structure: Callable | None = None
    gate_layout: str = "per_gate"
    quantize: str | None = "int8"

    def write(self, folder: pathlib.Path, units: int) -> ConversionReport:
        """Converts the layer with random weights, which the time does not depend on."""
        keras.utils.set_random_seed(0)
        inputs = keras.Input((None, units))
        lstm = layers.LSTM(
            units,
            return_sequences=True,
            joint_structure=None if self.structure is None else self.structure(),
            gate_layout=self.gate_layout,
        )
        model = keras.Model(inputs, lstm(inputs))
        if find_structures(model, Sparse):
            sparsify(model)
        path = folder / f"{self.name}_{units}.tflite"
        return convert(model, path, quantize=self.quantize, steps=6)


def claimed(compression: float) -> list[Variant]:
    """The files that claims are about."""

    def doped():
        return structures.doped(structures.Kronecker(), compression=compression, block=(1, 16))

    def low_rank():
        return structures.LowRank(compression=10)

    def hybrid():
        return structures.Hybrid(compression=10)

    return [
        Variant("dense_int8"),
        Variant("dense_float32", quantize=None),
        Variant("doped_kronecker_int8", doped),
        Variant("low_rank_stacked_int8", low_rank, "stacked"),
        Variant("low_rank_per_gate_int8", low_rank),
        Variant("low_rank_stacked_float32", low_rank, "stacked", None),
        Variant("hybrid_stacked_int8", hybrid, "stacked"),
        Variant("hybrid_stacked_float32", hybrid, "stacked", None),
    ]


def surveyed() -> dict[str, list[Variant]]:
    """int8 files of every structure at several sizes, by the name of the structure."""

    def series(name, make, sizes, layout):
        # The size is bound when the variant is made, not when it is used.
        return [Variant(f"{name}_{size}", lambda size=size: make(size), layout) for size in sizes]

    s = structures
    block = (1, 16)
    return {
        "low rank": series("lr", lambda c: s.LowRank(compression=c), (5, 10, 25, 50), "stacked"),
        "hybrid": series("hybrid", lambda c: s.Hybrid(compression=c), (5, 10, 20), "stacked"),
        "Kronecker, 1, 4 and 16 terms": series(
            "kronecker", lambda t: s.Kronecker(terms=t), (1, 4, 16), "per_gate"
        ),
        "Monarch, rank 1, 4 and 8": series(
            "monarch", lambda r: s.Monarch(rank=r), (1, 4, 8), "per_gate"
        ),
        "Toeplitz-like, rank 2": series(
            "toeplitz", lambda r: s.ToeplitzLike(displacement_rank=r), (2,), "per_gate"
        ),
        "sparse, 1x16 blocks": series(
            "sparse",
            lambda c: s.Sparse(compression=c, block=block, padding="same"),
            (5, 10, 25, 50),
            "per_gate",
        ),
        "doped Kronecker": series(
            "doped",
            lambda c: s.doped(s.Kronecker(), compression=c, block=block),
            (10, 25, 50),
            "per_gate",
        ),
    }
