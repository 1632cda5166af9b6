"""Read a file in so many damaged copies; fail if anything but a table or a RegistryError comes of one."""

import random
import sys
from pathlib import Path

from occurisk.errors import RegistryError
from occurisk.registry.opening import open_registry

if __name__ == "__main__":
    whole, copy = Path(sys.argv[1]).read_bytes(), Path(sys.argv[1]).with_suffix(".damaged")
    chance = random.Random(11)  # noqa: S311
    for _ in range(int(sys.argv[2])):
        damaged = bytearray(whole[: chance.randrange(1, len(whole)) if chance.random() < 0.3 else len(whole)])
        for _ in range(chance.randrange(8)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        copy.write_bytes(damaged)
        try:
            for batch in open_registry(copy).batches():
                batch.validate(full=True)
        except RegistryError:
            pass
