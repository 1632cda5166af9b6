"""Write a text to a path, which may be a pipe: `write_to.py PATH TEXT`."""

import sys

with open(sys.argv[1], "w") as stream:
    stream.write(sys.argv[2])
