#!/usr/bin/env bash
# The tests of training, conversion and the runtime with other versions of what the package depends on, each in an environment of
# its own, which takes some minutes and 3 GB the first time:
#     tools/test_versions.sh lowest    the lowest of everything that pyproject.toml allows, on Python 3.10
#     tools/test_versions.sh newest    the newest of everything, on Python 3.13
#     tools/test_versions.sh keras     keras 3.12, the lowest allowed, with the newest of all else, on Python 3.11
#     tools/test_versions.sh --keep lowest    also keeps what was found in docs/results/data/hardening_versions.json, for docs/supply.md
# Further arguments go to pytest, and are then all there is of tests.
#   VERSIONS_PYTHON=python3.12  which Python
#   VERSIONS_VENV=DIR           where the environment is (default: .venv-lowest and the like)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

keep=
if [ "${1:-}" = --keep ]; then
    keep=1
    shift
fi
which=${1:-}
case $which in
    lowest) python=python3.10 ;;
    newest) python=python3.13 ;;
    keras) python=python3.11 ;;
    *)
        echo "error: expected lowest, newest or keras; received ${which:-nothing}" >&2
        exit 2
        ;;
esac
shift
python=${VERSIONS_PYTHON:-$python}
venv=${VERSIONS_VENV:-.venv-$which}
# Without torch, whose tests have a script of their own, and without what only developers use.
extras="export tasks jax saved-model tfmot onnx tune device"

if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    echo "error: no $python with the venv module; install it, or set VERSIONS_PYTHON to another." >&2
    exit 1
fi
wanted="$("$python" --version) $(sha256sum pyproject.toml)"
if [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ]; then
    echo "Making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
    pip() { "$venv/bin/python" -m pip "$@" --disable-pip-version-check --quiet; }
    # The one that comes with a Python may be older than extras with a hyphen, and dependencies.py reads pyproject.toml on any Python.
    pip install --upgrade pip
    pip install tomli packaging
    case $which in
        lowest) "$venv/bin/python" tools/hardening/dependencies.py ;;
        newest) ;;
        keras) echo "keras==3.12.*" ;;
    esac >"$venv/constraints.txt"
    : >"$venv/left-out"
    install() { pip install --only-binary :all: --constraint "$venv/constraints.txt" --upgrade --editable "$@"; }
    if ! install ".[${extras// /,}]" hypothesis pytest pytest-xdist setuptools; then
        [ "$which" != lowest ] || exit 1
        # One by one, to leave out what has no wheel for this Python.
        install . hypothesis pytest pytest-xdist setuptools
        for extra in $extras; do
            install ".[$extra]" || { echo "Left out: $extra"; echo "$extra" >>"$venv/left-out"; }
        done
    fi
    echo "$wanted" >"$venv/installed"
fi

export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 PYTHONPATH=$PWD
export TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1
# Warnings that other versions give are none of ours.
pytest=("$venv/bin/python" -m pytest -n auto -q -W default)
if [ $# -gt 0 ]; then exec "${pytest[@]}" "$@"; fi
# What a user does: layers that train, files of all kinds read, converted and run step by step.
tests=(
    tests/structures tests/layers tests/importers tests/export/test_convert.py tests/export/test_random_models.py tests/export/steps
    tests/export/runtime/test_step_runner.py tests/tasks/word_prediction/test_word_prediction.py
)
status=0
"${pytest[@]}" --dist loadfile -m "not slow" --junitxml "$venv/tests.xml" "${tests[@]}" || status=$?
if [ -n "$keep" ]; then "$venv/bin/python" tools/hardening/version_row.py "$which" "$venv"; fi
exit "$status"
