#!/usr/bin/env bash
# Lint, types and tests, in an environment of their own. Further arguments go to pytest: tools/test.sh -k kronecker
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh
make_venv dev

export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=2
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy lrkeras
# Most of a test is tracing in Python: a process for each core, one thread in each, file by file.
export TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1
exec .venv/bin/python -m pytest -n auto --dist loadfile "$@"
