"""Who runs the nodes of a file: XNNPACK or the runtime, and why.

`delegate_report.py` is the file to read first; `refusal_reason.py` knows the reasons, and
`model_explorer.py` writes the report for Model Explorer.
"""
