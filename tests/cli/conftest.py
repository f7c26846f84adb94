"""Makes the hand-made .tflite files of the export tests importable."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "export"))
