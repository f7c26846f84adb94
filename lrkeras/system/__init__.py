"""What the rest asks of the computer; it knows nothing of models.

`atomic_write.py` is the file to read first: files that appear whole or not at all (`json_file.py`
for JSON). `held_folder.py` has the folders that one process holds alone, and the temporary ones.
`required_paths.py` lets scripts say at once what is missing, `optional_imports.py` asks
for a package of the extras, `same_settings.py` says whether a folder holds the run that is to go
on, `markdown_table.py` writes a table, `name_patterns.py` says what a name that a user gave may
mean, `versions.py` and `machine.py` describe what figures were measured on.
"""
