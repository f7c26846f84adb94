"""What can be said about any `.tflite` file, whoever wrote it: nothing here runs it.

`file_findings.py` is the file to read first. `ends.py` lists inputs, outputs and states,
`loops.py` finds loops of the runtime and loops that were written out, `foreign_operators.py` what
the runtime has no kernel for, `weights.py` how weights are rounded, `hazards.py` what may go wrong
on a phone, `advice.py` the next command, and `layer_names.py` guesses layers from names of tensors.
"""
