"""`python -m kscan` is the command line."""

import sys

from kscan.cli import main

sys.exit(main())
