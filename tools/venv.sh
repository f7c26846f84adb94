# Sourced by the scripts beside it: `make_venv EXTRAS` leaves a Python with `.[EXTRAS]` installed in .venv.
# A second call installs again only when pyproject.toml or the extras have changed.

suitable_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3.10 python3 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 14))' \
            >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "error: no Python from 3.10 to 3.13 with the venv module; install one, or set PYTHON to it." >&2
    return 1
}

make_venv() {
    local extras=$1 python wanted stamp=.venv/installed-$1
    if [ ! -x .venv/bin/python ]; then
        python=$(suitable_python)
        echo "Making .venv with $("$python" --version)"
        "$python" -m venv .venv
    fi
    wanted=$(.venv/bin/python -c '
import hashlib, pathlib, sys
print(sys.version.split()[0], hashlib.sha256(pathlib.Path("pyproject.toml").read_bytes()).hexdigest())')
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "Installing .[$extras] into .venv (the packages are large: a few minutes at the first time)"
        .venv/bin/python -m pip install --disable-pip-version-check --quiet --editable ".[$extras]"
        echo "$wanted" >"$stamp"
    fi
}
