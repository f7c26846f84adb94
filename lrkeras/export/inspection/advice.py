"""The next command to run on a file."""

import dataclasses
import shlex
from typing import Any

# Stands for a file that only the reader has.
ORIGINAL = "the_original.keras"


@dataclasses.dataclass(frozen=True)
class Advice:
    """What to do with a file.

    Attributes:
        command: A line for the shell; `the_original.keras` stands for the Keras model that the
            file was made of.
        why: A sentence.
    """

    command: str
    why: str


def advice_for(found: Any) -> Advice:
    """The command that brings a file nearer to a phone.

    Args:
        found: The `FileFindings`, its advice apart.
    """
    # What lrkeras wrote is as it should be; loops over a window among it.
    faults = [] if found.by_lrkeras else _faults(found)
    if not faults:
        return Advice(f"lrkeras bench {shlex.quote(found.file)}", "Nothing stands against it.")
    rounded = next((bits for bits in ("int4", "int8") if bits in found.weights.kind), None)
    kind = rounded or ("float16" if found.weights.kind == "float16" else None)
    quantize = f" --quantize {kind}" if kind else ""
    return Advice(
        f"lrkeras convert {ORIGINAL} out.tflite{quantize}",
        f"The file has {' and '.join(faults)}. From the Keras model that it was made of lrkeras "
        "writes a file of built-in operators alone, a step with its states where all can stream.",
    )


def _faults(found: Any) -> list[str]:
    faults = {
        "operators that the runtime has no kernels for": found.foreign_operators,
        "a loop that no delegate takes": found.while_loops,
        "a loop that is written out": found.unrolled_loops,
        "a recurrent layer that XNNPACK does not take": found.fused_layers,
        "states that only the runtime sees": [s for s in found.states if s.kind == "variable"],
        "filters that XNNPACK misreads": found.sparse_hazards,
        "inputs of open shapes or of text": found.odd_inputs,
        "content that the runtime does not load": [] if found.load_error is None else [True],
    }
    return [fault for fault, places in faults.items() if places]
