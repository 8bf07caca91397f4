"""What needs arrays is not collected where the extra `data` is not installed."""

from __future__ import annotations

from provenir.core.extras import available

collect_ignore_glob = [] if available("numpy") else ["test_tokens.py"]
