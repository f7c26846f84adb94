"""Makes what these tests share importable: the import mode of the suite adds no folder."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
