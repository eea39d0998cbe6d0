"""Check that this Python is new enough, then hand over to `prepare`.

An old Python, 2.7 among them, has to be able to read this file: nothing newer stands in it.
"""

import sys

OLDEST = (3, 11)

if __name__ == "__main__":
    if sys.version_info < OLDEST:
        FOUND = ".".join(map(str, sys.version_info[:3]))
        sys.stderr.write("error: Python 3.11 or newer is needed, " + sys.executable + " is ")
        sys.stderr.write(FOUND + "; PYTHON=... picks another one\n")
        sys.exit(1)
    from prepare import main

    sys.exit(main())
