"""What people ask for as a whole: a flow conducts the rooms below and injects the parts.

`demo` is the main job (a real GRPO run, tracked, signed, verified by a stranger), `demo_lite` the
verification half of it, for the base install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.flows.demo import DemoResult, run_demo
    from provenir.flows.demo_lite import run_demo_lite
    from provenir.flows.demo_settings import DemoSettings

__all__ = ["DemoResult", "DemoSettings", "run_demo", "run_demo_lite"]

_EXPORTS: Final = {
    "DemoResult": "provenir.flows.demo",
    "DemoSettings": "provenir.flows.demo_settings",
    "run_demo": "provenir.flows.demo",
    "run_demo_lite": "provenir.flows.demo_lite",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
