"""What the inputs of a model are: sequences of ids or of numbers, or vectors without steps."""

import keras

from lrkeras.model_graph.layers_of import calls_of, has_graph

# What changes the shape or the type of ids, but not what they are.
_PASSING = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Identity,
    keras.layers.Masking,
    keras.layers.Concatenate,
)
_PASSING_OPS = ("Cast", "ExpandDims", "GetItem", "Reshape", "Slice", "Split", "Squeeze", "Stack")


def reads_ids(model: keras.Model) -> list[bool]:
    """Whether each input of a model is ids: rows of a table are looked up by it.

    What an input is follows from what reads it, not from the shape or the type that it was declared
    with: `keras.Input((60,))` is float32, for ids and for a series of numbers alike.
    """
    readers: dict[int, list] = {}
    for operation, node in calls_of(model):
        for tensor in node.input_tensors:
            readers.setdefault(id(tensor), []).append((operation, node))
    return [_is_looked_up(tensor, readers) for tensor in model.inputs]


def timed_inputs(model: keras.Model) -> list[keras.KerasTensor]:
    """The inputs with a time axis: ids, and numbers with features beside it.

    Where none has features, all of them: a series of numbers has its values as steps. One number a
    sequence, such as its length, has none.
    """
    found = [
        tensor
        for tensor, is_ids in zip(model.inputs, reads_ids(model), strict=True)
        if len(tensor.shape) > 2 or (len(tensor.shape) > 1 and (is_ids or _counts_steps(tensor)))
    ]
    return found or [tensor for tensor in model.inputs if len(tensor.shape) > 1]


def fixed_length(model: keras.Model) -> int | None:
    """Number of time steps that the model was built for, or None if it takes any.

    The largest one, where inputs differ: of the past of a series and its future.
    """
    lengths = [t.shape[1] for t in timed_inputs(model) if t.shape[1] is not None]
    return max(lengths, default=None)


def _counts_steps(tensor: keras.KerasTensor) -> bool:
    """Whether an input without features has a whole number for each of several steps."""
    return "int" in str(tensor.dtype) and tensor.shape[1] != 1


def _is_looked_up(tensor: keras.KerasTensor, readers: dict[int, list]) -> bool:
    for operation, node in readers.get(id(tensor), []):
        if isinstance(operation, keras.Model) and has_graph(operation):
            place = [id(t) for t in node.input_tensors].index(id(tensor))
            found = reads_ids(operation)[place]
        elif isinstance(operation, _PASSING) or type(operation).__name__ in _PASSING_OPS:
            found = any(_is_looked_up(output, readers) for output in node.output_tensors)
        else:
            found = _looks_up(operation)
        if found:
            return True
    return False


def _looks_up(operation: object) -> bool:
    """Whether an operation is an embedding, or a layer with one inside."""
    if not isinstance(operation, keras.layers.Layer):
        return False
    inner = operation._flatten_layers()
    return any(isinstance(layer, keras.layers.Embedding) for layer in inner)
