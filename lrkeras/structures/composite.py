"""The base of structures made of other structures."""

import contextlib

from lrkeras.structures.structure import Structure


class Composite(Structure):
    """A structure whose numbers are those of its `parts`, built structures in a list."""

    @property
    def num_params(self):
        return sum(p.num_params for p in self.parts)

    @property
    def macs(self):
        return sum(p.macs for p in self.parts)

    @property
    def index_bytes(self):
        return sum(p.index_bytes for p in self.parts)

    @property
    def is_full(self):
        """Whether a part is."""
        return any(p.is_full for p in self.parts)

    def num_bytes(self, dtype="float32", with_indices=True):
        return sum(p.num_bytes(dtype, with_indices) for p in self.parts)

    @contextlib.contextmanager
    def shared_work(self, training=False):
        with contextlib.ExitStack() as stack:
            for part in self.parts:
                stack.enter_context(part.shared_work(training))
            yield

    def flatten(self):
        return [self, *(s for p in self.parts for s in p.flatten())]
