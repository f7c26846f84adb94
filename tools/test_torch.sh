#!/usr/bin/env bash
# The tests of structures, layers and callbacks on the PyTorch backend, and of from_torch, in an environment of their own without
# TensorFlow and JAX (tests that need one of these skip themselves). Further arguments go to pytest.
#   TORCH_VENV=DIR  where the environment is (default: .venv-torch; torch from PyPI takes some GB)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh

venv=${TORCH_VENV:-.venv-torch}
if [ ! -x "$venv/bin/python" ]; then
    python=$(suitable_python)
    echo "Making $venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi
wanted=$(sha256sum pyproject.toml)
if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]; then
    echo "Installing .[torch] into $venv (the packages are large: some minutes at the first time)"
    "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --editable ".[torch]" hypothesis pytest
    echo "$wanted" >"$venv/installed"
fi

export KERAS_BACKEND=torch
exec "$venv/bin/python" -m pytest tests/structures tests/layers tests/callbacks tests/importers/test_torch_module.py "$@"
