"""What is done to every file while its numbers are float32, in order."""

from lrkeras.export.passes.drop_negative_ids import drop_negative_ids
from lrkeras.export.passes.steady_names import steady_names
from lrkeras.export.passes.store_mel_filters import store_mel_filters
from lrkeras.export.passes.store_sparse_filters import store_sparse_filters

FLOAT_EDITS = (steady_names, drop_negative_ids, store_sparse_filters, store_mel_filters)
