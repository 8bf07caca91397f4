"""The three-line wrapper: `provenir.track` around a training loop that you have.

`Run` is what it hands to the loop; `recover_run` finishes the folder of a run whose process died;
`current_run` is the run that is open in this context; `config_hash` is what replay compares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.tracking.alerts import CommandAlert, WebhookAlert
    from provenir.tracking.halting import HaltOn
    from provenir.tracking.recover import recover_run
    from provenir.tracking.run import Run, current_run
    from provenir.tracking.settings import config_hash
    from provenir.tracking.wrapper import track

__all__ = [
    "CommandAlert",
    "HaltOn",
    "Run",
    "WebhookAlert",
    "config_hash",
    "current_run",
    "recover_run",
    "track",
]

_EXPORTS = {
    "CommandAlert": "provenir.tracking.alerts",
    "WebhookAlert": "provenir.tracking.alerts",
    "HaltOn": "provenir.tracking.halting",
    "Run": "provenir.tracking.run",
    "config_hash": "provenir.tracking.settings",
    "current_run": "provenir.tracking.run",
    "recover_run": "provenir.tracking.recover",
    "track": "provenir.tracking.wrapper",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
