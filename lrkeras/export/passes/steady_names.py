"""Names of tensors that are the same whatever was built in the process before."""

import re

from lrkeras.export.passes.pass_context import PassContext
from lrkeras.export.tflite.model_file import ModelFile

# Of the models and layers that a conversion makes; a user's layers keep their names.
_NUMBERED = re.compile(r"(?<![\w.])(functional|sequential|[a-z_]+_step)((?:_\d+)+)(?=[/;:]|$)")


def steady_names(file: ModelFile, context: PassContext) -> None:
    """Numbers the models in tensor names anew, in the order in which they appear.

    Keras numbers what it names itself through the life of a process: without this pass the same
    model would give another file, of another size, in a process that has trained it.

    Args:
        file: The model, edited in place.
        context: Not used.
    """
    counts: dict[str, int] = {}
    known: dict[str, str] = {}

    def steady(found: re.Match) -> str:
        kind, name = found[1], found[0]
        if name not in known:
            counts[kind] = counts.get(kind, 0) + 1
            known[name] = f"{kind}_{counts[kind]}"
        return known[name]

    for graph in file.graphs:
        for tensor in graph.tensors:
            name = tensor.name.decode() if isinstance(tensor.name, bytes) else tensor.name
            if name:
                tensor.name = _NUMBERED.sub(steady, name).encode()
