"""Conversion of recurrent models to LiteRT (.tflite) files, and running these.

`convert.py` is the file to read first: its function is the whole way, in two dozen lines. Beside it
are `form.py` (what a signature runs at once), `quantization.py` (how numbers are rounded: one more
object is one more way), `conversion_plan.py` (what the file will hold), `layer_rows.py` and
`conversion_report.py` (what is said about it). The rooms, in the order of the way:

* `steps/`: the user's model as a Keras model of single time steps, with states;
* `products/`: in which form each structured matrix is multiplied, and why in that one;
* `lowering/`: from Keras to a float file; nothing else touches TensorFlow;
* `passes/`: edits of that file: rounding, sparse filters, look-ups;
* `tflite/`: files and their graphs as objects, without Keras and TensorFlow;
* `parity/`: the gate, which holds the file against Keras and refuses it if it differs;
* `cutting/`: what a runner does for the file: text in front, labels and CTC behind;
* `delegates/`: which nodes XNNPACK runs, and why not the others;
* `inspection/`: what can be said of any file, whoever wrote it;
* `runtime/`: running files from Python.
"""

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_report import ConversionReport
from lrkeras.export.convert import convert
from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.quantization import Quantization
from lrkeras.export.runtime.seq2seq_runner import Seq2SeqRunner
from lrkeras.export.runtime.step_runner import StepRunner
from lrkeras.export.tflite.sparse_hazards import find_sparse_hazards

__all__ = [
    "ConversionError",
    "ConversionReport",
    "DelegateReport",
    "Quantization",
    "Seq2SeqRunner",
    "StepRunner",
    "convert",
    "find_sparse_hazards",
]
