#!/usr/bin/env bash
# Compares converted files with Keras on three runtimes: ai-edge-litert's Interpreter and CompiledModel, and PyPI's
# tflite-runtime 2.14, the last one under that name. Arguments go to check_runtimes.py (`--out FILE`, `--models dense`).
# It makes .venv as the other scripts do, and installs tflite-runtime 2.14 and a NumPy before 2 (2.6 and 18 MB) into an
# environment of their own, which needs Python 3.10 or 3.11: there are no wheels for later ones.
#   RUNTIME_PYTHON=python3.11  which Python (left out: the first of python3.11, python3.10 that there is)
#   RUNTIME_VENV=DIR           where the environment is (default: .venv-tflite-2.14)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh

old=${RUNTIME_VENV:-.venv-tflite-2.14}
old_python() {
    local candidate
    for candidate in "${RUNTIME_PYTHON:-}" python3.11 python3.10 .venv/bin/python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 12))' \
            >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "error: no Python 3.10 or 3.11, which tflite-runtime 2.14 needs; install one, or set RUNTIME_PYTHON to it." >&2
    return 1
}

make_venv dev
if ! "$old/bin/python" -c 'import tflite_runtime.interpreter' >/dev/null 2>&1; then
    python=$(old_python)
    echo "Making $old with $("$python" --version)"
    "$python" -m venv --clear "$old"
    "$old/bin/python" -m pip install --disable-pip-version-check --quiet "tflite-runtime==2.14.0" "numpy>=1.26,<2"
fi
exec .venv/bin/python tools/benchmarks/check_runtimes.py --old-python "$old/bin/python" "$@"
