"""`python -m lrkeras.cli`."""

import sys

from lrkeras.cli.apart import run_apart
from lrkeras.cli.main import main

sys.exit(run_apart(main, sys.argv[1:]))
