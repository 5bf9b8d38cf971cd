"""`python -m assaygym.benchmarks.claims`."""

import sys

from assaygym.benchmarks.claims.command import main

if __name__ == "__main__":
    sys.exit(main())
