#!/usr/bin/env bash
# Every check, in an environment of its own: lint, types, directions of imports, tests, and at the same time the Android app
# (tools/test_android.sh).
#     tools/test.sh                    what every change must pass
#     tools/test.sh --all              also what takes long and rarely fails: tests marked `slow` (long trainings, all notebooks,
#                                      tools of the benchmarks), 500 random models, what docs/hardening.md tells of (hours), the
#                                      lowest versions of all dependencies where there is a Python 3.10, the Android app with
#                                      both runtimes
#     tools/test.sh [--all] -k word    further arguments go to pytest, which is then all there is of tests
# Of each slow test a smaller one guards the same in every run; of a `sampled` file every fourth case of each test runs always.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh

all=
if [ "${1:-}" = --all ]; then
    all=--all
    shift
fi

android=
if [ $# -eq 0 ] && [ "$(uname -sm)" = "Linux x86_64" ]; then
    # It keeps one core busy for as long as the installation does and some minutes more.
    log=$(mktemp)
    setsid bash tools/test_android.sh $all >"$log" 2>&1 </dev/null &
    android=$!
    trap 'kill -- "-$android" 2>/dev/null || true; rm -f "$log"' EXIT
fi

make_venv dev
export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=2
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/lint-imports --no-logo
.venv/bin/mypy lrkeras
[ $# -gt 0 ] || bash tools/docs.sh
# A system package that it misses, before the tests and not after them.
if [ -n "$android" ] && grep '^error: ' "$log"; then exit 1; fi
# Most of a test is tracing in Python: a process for each core, one thread in each, file by file, in the order of their names:
# files of few tests, which xdist leaves for the end, are the slow ones here.
export TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1
pytest() { .venv/bin/python -m pytest -n auto "$@"; }
# A failure here must not hide one of the app: both are told.
status=0
if [ -n "$all" ]; then
    pytest --dist loadfile --no-loadscope-reorder "$@" || status=$?
    # All in one file, and so for one process if it were not for this.
    if [ $# -eq 0 ]; then LRKERAS_RANDOM_MODELS=500 pytest --dist load tests/export/test_random_models.py || status=$?; fi
    if [ $# -eq 0 ]; then
        for tool in mutate_files kill_and_go_on full_disk run_long extreme_numbers; do
            echo "tools/hardening/$tool.py"
            .venv/bin/python "tools/hardening/$tool.py" || status=$?
        done
    fi
    if [ $# -eq 0 ] && python3.10 -c 'import venv, ensurepip' 2>/dev/null; then bash tools/test_versions.sh lowest || status=$?; fi
else
    pytest --dist loadfile --no-loadscope-reorder -m "not slow" "$@" || status=$?
fi

if [ -n "$android" ]; then
    echo "The Android app:"
    wait "$android" || status=$?
    cat "$log"
elif [ $# -eq 0 ]; then
    echo "The Android app is tested on Linux on x86_64 only; this is $(uname -sm)."
fi
exit "$status"
