"""What runs inside the sandboxed interpreter: standard library alone, and little of that.

A warden imports these modules before it raises its walls; afterwards nothing of this package can
be imported there any more.
"""

from __future__ import annotations

__all__: list[str] = []
