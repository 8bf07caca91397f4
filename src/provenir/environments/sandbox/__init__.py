"""The sandbox: walls around programs that nobody trusts, and what each wall was seen to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.environments.sandbox.config import SandboxConfig
    from provenir.environments.sandbox.python_sandbox import PythonSandbox
    from provenir.environments.sandbox.remote import RemoteRunner
    from provenir.environments.sandbox.runs import Run
    from provenir.environments.sandbox.values import Ended, Isolation, Limits, Plan
    from provenir.environments.sandbox.warden import Warden

_EXPORTS = {
    "Ended": "provenir.environments.sandbox.values",
    "Isolation": "provenir.environments.sandbox.values",
    "Limits": "provenir.environments.sandbox.values",
    "Plan": "provenir.environments.sandbox.values",
    "PythonSandbox": "provenir.environments.sandbox.python_sandbox",
    "RemoteRunner": "provenir.environments.sandbox.remote",
    "Run": "provenir.environments.sandbox.runs",
    "SandboxConfig": "provenir.environments.sandbox.config",
    "Warden": "provenir.environments.sandbox.warden",
}

__all__ = [
    "Ended",
    "Isolation",
    "Limits",
    "Plan",
    "PythonSandbox",
    "RemoteRunner",
    "Run",
    "SandboxConfig",
    "Warden",
]

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
