"""The process of one preview; see :mod:`.child`."""

import sys

from .child import main

sys.exit(main())
