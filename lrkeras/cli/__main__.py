"""`python -m lrkeras.cli`."""

import sys

from lrkeras.cli.main import main

sys.exit(main())
