"""Where the tests stand: the checkout, and the third-party originals beside it."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ORIGINALS = Path(os.environ.get("OCCURISK_ORIGINALS", PROJECT.parent / "shared" / "data"))
# What a developer's own runs fill; no test reads or writes them.
DEVELOPERS_OWN = (PROJECT / "models", PROJECT / "mlruns")
# Programs that a test runs in a process of its own.
SCRIPTS = Path(__file__).resolve().parent / "scripts"
