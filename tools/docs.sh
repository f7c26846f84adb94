#!/usr/bin/env bash
# The documentation as a site in site/, built strictly: a broken link or a public name without a docstring fails. The build itself
# uses no network; what it needs is installed into .venv the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh
# Who has everything that the tests need has this too.
[ -x .venv/bin/mkdocs ] && [ -f .venv/installed-dev ] || make_venv docs
export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 NO_MKDOCS_2_WARNING=1
# Without --quiet, which would hide the warnings from --strict too.
.venv/bin/python -m mkdocs build --strict "$@"
echo "site/index.html; with its search: .venv/bin/python -m http.server -d site"
