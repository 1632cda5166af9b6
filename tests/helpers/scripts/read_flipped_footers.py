"""Open a Parquet file with one bit of its footer flipped, bit by bit: `read_flipped_footers.py FOLDER`."""

import sys
from pathlib import Path

from occurisk.errors import RegistryError
from occurisk.registry.opening import open_registry

folder = Path(sys.argv[1])
whole, bad = (folder / "r.parquet").read_bytes(), folder / "bad.parquet"
for bit in map(int, (folder / "flips.txt").read_text().split()):
    raw = bytearray(whole)
    raw[bit // 8] ^= 1 << bit % 8
    bad.write_bytes(raw)
    try:
        list(open_registry(bad).batches())
    except RegistryError:
        continue
print("survived")
