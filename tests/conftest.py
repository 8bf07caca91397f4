"""Settings that every test shares."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

# No hub is ever asked, and tiny models train fastest on one thread.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts something in the background has it ignore Ctrl-C, and every child inherits
# that; tests that interrupt a child would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What decides whether a change lands must give the same answer twice; the long suites, which are
# run by hand, draw new examples each time.
settings.register_profile("provenir", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("PROVENIR_HYPOTHESIS", "provenir"))
