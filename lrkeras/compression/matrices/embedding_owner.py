"""The table of an embedding."""

import keras

from lrkeras import layers
from lrkeras.compression.matrices.matrix_owner import MatrixOwner


class EmbeddingOwner(MatrixOwner):
    """Embedding and ReversibleEmbedding, tied or not."""

    roles = ("embeddings",)
    words_axis = 0

    @staticmethod
    def fits(layer):
        known = (keras.layers.Embedding, keras.layers.ReversibleEmbedding, layers.Embedding)
        return type(layer) in known

    def _tensor(self, role):
        return self.layer.embeddings

    def overhead(self, role):
        return 0

    def replaced(self, chosen, gate_layout="per_gate"):
        """A `lrkeras.layers.Embedding` with this structure; see `RecurrentOwner.replaced`."""
        config = {k: v for k, v in self.layer.get_config().items() if k != "input_length"}
        return layers.Embedding.from_config(
            {**config, "embeddings_structure": chosen["embeddings"]}
        )

    def plain(self):
        """The layer of Keras; one that can also be used in reverse."""
        config = {k: v for k, v in self.layer.get_config().items() if k != "embeddings_structure"}
        kind = keras.layers.ReversibleEmbedding
        return (kind if type(self.layer) is layers.Embedding else type(self.layer)).from_config(
            config
        )

    def dense_names(self):
        return ("embeddings",)
