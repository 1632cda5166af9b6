"""Score a registry and die before the scored rows are complete: `killed_run.py REGISTRY OUT`."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from helpers.registries import scored
from occurisk.registry.formats import csv_writer

csv_writer.CsvOut.close = lambda self: os.kill(os.getpid(), signal.SIGKILL)
scored(Path(sys.argv[1]), Path(sys.argv[2]))
