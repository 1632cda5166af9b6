"""Run `occurisk ARGUMENTS`, then print what it has imported as JSON: `imports_of.py [ARGUMENTS]`."""

import json
import sys

from occurisk.cli import main

try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code
print(json.dumps(sorted({name for name in sys.modules if name.count(".") < 2})))
