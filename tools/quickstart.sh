#!/usr/bin/env bash
# Trains a dense and a compressed word-prediction model, converts both for a phone, and measures them side by side.
#   bash tools/quickstart.sh [--out DIR] [--preset NAME]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/venv.sh
make_venv tasks,export

export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3
exec .venv/bin/lrkeras quickstart "$@"
