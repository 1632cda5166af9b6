"""Shared places of the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
ORIGINALS = Path(os.environ.get("OCCURISK_ORIGINALS", PROJECT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def originals() -> Path:
    """The folder of third-party originals; tests that need it are skipped, visibly, without it."""
    if not (ORIGINALS / "CATALOGUE.md").is_file():
        pytest.skip(f"needs the third-party originals at {ORIGINALS}")
    return ORIGINALS
