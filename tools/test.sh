#!/usr/bin/env bash
# Lint, types and tests, in an environment of their own; then the Android app (tools/test_android.sh). Further arguments go to
# pytest, which is then all there is of tests: tools/test.sh -k kronecker
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh
make_venv dev

export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=2
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy lrkeras
# Most of a test is tracing in Python: a process for each core, one thread in each, file by file, in the order of their names:
# files of few tests, which xdist leaves for the end, are the slow ones here.
export TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1
.venv/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder "$@"
if [ $# -gt 0 ]; then exit; fi
if [ "$(uname -sm)" = "Linux x86_64" ]; then
    exec bash tools/test_android.sh
fi
echo "The Android app is tested on Linux on x86_64 only; this is $(uname -sm)."
