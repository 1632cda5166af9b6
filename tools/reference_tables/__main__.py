"""`make reference ORIGINALS=DIR`: remake the embedded tables, for maintainers.

DIR holds every file that features/SOURCES.md names. The tables are committed, the originals never.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from occurisk.errors import OccuriskError, ReleaseError
from occurisk.paths import FEATURES
from reference_tables.crosswalks import make_crosswalk_tables
from reference_tables.exposure_labels import make_exposure_labels
from reference_tables.job_zones import make_job_zones
from reference_tables.occupations import make_reference_tables
from reference_tables.published_indexes import make_published_indexes
from reference_tables.rating_errors import make_rating_errors
from reference_tables.wide_attributes import make_wide_attributes


def make_all(originals: Path, features: Path = FEATURES) -> list[Path]:
    """Write every embedded table; return their paths.

    Raises
    ------
    ReleaseError
        If an original is missing.
    """
    try:
        return [
            *make_reference_tables(originals, features),
            *make_crosswalk_tables(originals, features),
            make_job_zones(originals, features),
            *make_exposure_labels(originals, features),
            make_wide_attributes(originals, features),
            make_published_indexes(originals, features),
            make_rating_errors(originals, features),
        ]
    except FileNotFoundError as problem:
        raise ReleaseError(
            f"An original is missing: {problem.filename}.",
            rule="The folder holds every file that features/SOURCES.md names.",
            fix="Name that folder: make reference ORIGINALS=DIR",
        ) from problem


def main(arguments: list[str] | None = None) -> int:
    """Read the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="reference_tables", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("originals", type=Path, help="Folder of the third-party originals.")
    parser.add_argument("--out", type=Path, default=FEATURES, help="The features/ folder to write into.")
    given = parser.parse_args(arguments)
    try:
        written = make_all(given.originals, given.out)
    except OccuriskError as problem:
        print(problem, file=sys.stderr)
        return problem.exit_code
    for path in written:
        print(f"Wrote {path}: {path.read_text(encoding='utf-8').count(chr(10)) - 1:,} rows.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
