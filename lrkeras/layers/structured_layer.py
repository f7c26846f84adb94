"""What layers with one structured matrix share."""

import types

import keras

from lrkeras import structures
from lrkeras.layers.matrix_regularizer import MatrixRegularizer


class StructuredLayer:
    """Mixin, placed before a Keras layer, that holds the structure of its one matrix.

    `matrix_name` is the matrix: `"kernel"` or `"embeddings"`; `<matrix_name>_structure` is the
    built structure, or `None` where the matrix is dense and the layer is Keras's.
    """

    matrix_name = None

    def _set_spec(self, identifier):
        spec = structures.get(identifier)
        spec = None if isinstance(spec, structures.Dense) else spec
        self._held = types.SimpleNamespace(spec=spec)  # Keras does not track what is in it
        constraint = getattr(self, f"{self.matrix_name}_constraint")
        if spec is not None and constraint is not None:
            raise ValueError(
                f"`{self.matrix_name}_constraint` cannot hold for a matrix that is never stored "
                f"whole. Received: {constraint} with {type(spec).__name__}. Leave one of the two "
                "out."
            )
        setattr(self, f"{self.matrix_name}_structure", None)
        if self.lora_rank is not None:
            self._refuse_lora()

    def _refuse_lora(self):
        if self.is_structured:
            raise ValueError(
                "LoRA adds factors to a matrix that is stored whole, which that of the layer "
                f"`{self.name}`, {type(self._held.spec).__name__}, is not. Train the structure "
                f"itself, or leave `{self.matrix_name}_structure` out."
            )

    def enable_lora(self, *args, **kwargs):
        self._refuse_lora()
        super().enable_lora(*args, **kwargs)

    @property
    def is_structured(self):
        """Whether the matrix is a structure."""
        return self._held.spec is not None

    def _build_structure(self, shape, overhead, initializer):
        structure = self._held.spec.copy(name=self.matrix_name, dtype=self.dtype_policy)
        structure.build(shape, overhead, initializer)
        MatrixRegularizer.attach(structure, getattr(self, f"{self.matrix_name}_regularizer"))
        setattr(self, f"{self.matrix_name}_structure", structure)

    def __call__(self, inputs, *args, **kwargs):
        with structures.group_scope(inputs):
            return super().__call__(inputs, *args, **kwargs)

    # Keras's Dense and Embedding save their matrix by name; a structure saves its own weights.
    def save_own_variables(self, store):
        if self.is_structured:
            keras.layers.Layer.save_own_variables(self, store)
        else:
            super().save_own_variables(store)

    def load_own_variables(self, store):
        if self.is_structured:
            keras.layers.Layer.load_own_variables(self, store)
        else:
            super().load_own_variables(store)

    def get_build_config(self):
        # A group is shared within a model: wait to be called in it.
        spec = self._held.spec
        return None if spec is not None and spec.has_groups else super().get_build_config()

    def get_config(self):
        spec = self._held.spec
        config = None if spec is None else keras.saving.serialize_keras_object(spec)
        return {**super().get_config(), f"{self.matrix_name}_structure": config}
