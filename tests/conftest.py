"""Settings that every test shares."""

from __future__ import annotations

import os

from hypothesis import settings

# No hub is ever asked, and tiny models train fastest on one thread.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("provenir", deadline=None, print_blob=True)
settings.load_profile("provenir")
