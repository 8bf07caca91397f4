"""Whom a run tells when something is wrong: a web address, or a command.

An address and its headers are secrets as a rule: neither is shown in a repr, an error, a log or a
record of the run. Misuse is refused at construction; what happens later never reaches the loop.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from urllib.parse import urlsplit

import orjson

from provenir.core.errors import UsageError
from provenir.core.findings import SEVERITIES, Severity, severity_rank
from provenir.tracking.alert_delivery import post, run_command
from provenir.tracking.halting import checked_kinds

if TYPE_CHECKING:
    from provenir.tracking.alert_message import AlertMessage

__all__ = ["Alert", "CommandAlert", "WebhookAlert", "checked_alerts", "is_offline"]

Style = Literal["json", "slack"]
_LONGEST_TIMEOUT_S: Final = 60.0
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]{0,4000}")
_URL: Final = re.compile(r"[\x21-\x7e]{1,4000}")
_UNASKED: Final = frozenset({"halt", "end"})


@dataclass(frozen=True, slots=True)
class WebhookAlert:
    """Alerts by HTTP POST.

    Attributes:
        url: An http or https address. Never shown.
        style: `json` (see `provenir.tracking.alert_message`) or `slack`.
        on: The least severity that is told.
        kinds: Kinds of anomalies and hacking signals; None for all. That a run is halted, or ends
            CRITICAL, is told whatever the kind.
        headers: Further headers, such as one with a token. Never shown.
        timeout_s: Seconds to connect, and to wait for each part of the answer.
        recovered: Whether it is also told that an episode is over.

    Raises:
        UsageError: Something of it cannot be used.
    """

    url: str = field(repr=False)
    style: Style = "json"
    on: Severity = "warning"
    kinds: tuple[str, ...] | None = None
    headers: Mapping[str, str] | tuple[tuple[str, str], ...] | None = field(
        default=None, repr=False
    )
    timeout_s: float = 5.0
    recovered: bool = False

    def __post_init__(self) -> None:
        """Check all of it, without ever quoting what is secret."""
        _check_url(self.url)
        if self.style not in get_args(Style):
            raise UsageError("alerts: no such style", mend='give style="json" or style="slack"')
        object.__setattr__(self, "kinds", _checked(self.on, self.kinds, self.timeout_s))
        object.__setattr__(self, "headers", _checked_headers(self.headers))

    @property
    def what(self) -> str:
        """What it is, in a word that tells nothing of where it leads."""
        return "webhook"

    def deliver(self, message: AlertMessage) -> None:
        """Send one alert.

        Raises:
            DeliveryError: It did not arrive.
        """
        body = orjson.dumps(message.slack() if self.style == "slack" else message.payload())
        pairs = self.headers if isinstance(self.headers, tuple) else ()
        post(self.url, pairs, body, timeout_s=self.timeout_s)


@dataclass(frozen=True, slots=True)
class CommandAlert:
    """Alerts by a command that gets the JSON on its standard input; no shell, no output kept.

    Attributes:
        argv: The command and its arguments. Never shown.
        on: The least severity that is told.
        kinds: As for `WebhookAlert`.
        timeout_s: Seconds after which it is killed, with what it started.
        recovered: Whether it is also told that an episode is over.

    Raises:
        UsageError: Something of it cannot be used, or there is no such command.
    """

    argv: tuple[str, ...] = field(repr=False)
    on: Severity = "warning"
    kinds: tuple[str, ...] | None = None
    timeout_s: float = 5.0
    recovered: bool = False

    def __post_init__(self) -> None:
        """Check all of it."""
        given: Any = self.argv
        listed = isinstance(given, Iterable) and not isinstance(given, str | bytes)
        argv: tuple[Any, ...] = tuple(given) if listed else ()
        if not argv or not all(isinstance(word, str) and "\0" not in word for word in argv):
            mend = 'give ["command", "argument"]'
            raise UsageError("alerts: argv is no list of words", mend=mend)
        if shutil.which(argv[0]) is None:
            raise UsageError("alerts: the command is not there", mend="give the path of a program")
        object.__setattr__(self, "argv", argv)
        object.__setattr__(self, "kinds", _checked(self.on, self.kinds, self.timeout_s))

    @property
    def what(self) -> str:
        """What it is, in a word."""
        return "command"

    def deliver(self, message: AlertMessage) -> None:
        """Run the command for one alert.

        Raises:
            DeliveryError: It failed.
        """
        run_command(self.argv, orjson.dumps(message.payload()), timeout_s=self.timeout_s)


Alert = WebhookAlert | CommandAlert


def is_wanted(alert: Alert, message: AlertMessage) -> bool:
    """Whether a destination is to be told something."""
    if message.event in _UNASKED:
        return True
    if message.event == "recovery" and not alert.recovered:
        return False
    if severity_rank(message.severity) < severity_rank(alert.on):
        return False
    return alert.kinds is None or message.kind in alert.kinds


def checked_alerts(value: Any) -> tuple[Alert, ...]:
    """The destinations that `alerts=` names.

    Raises:
        UsageError: One of them is none.
    """
    if value is None:
        return ()
    alerts = (value,) if isinstance(value, Alert) else value
    if not isinstance(alerts, Iterable) or isinstance(alerts, str | bytes | Mapping):
        alerts = (None,)
    found = tuple(alerts)
    if not all(isinstance(alert, Alert) for alert in found):
        raise UsageError(
            "alerts= takes a list of WebhookAlert and CommandAlert",
            mend="from provenir.tracking import WebhookAlert",
        )
    return found


def is_offline() -> bool:
    """Whether `PROVENIR_OFFLINE` forbids that a packet leaves the machine."""
    told = os.environ.get("PROVENIR_OFFLINE", "")
    return told.lower() not in ("", "0", "false", "no", "off")


def _check_url(url: object) -> None:
    mend = "give an http or https address; a token belongs into headers="
    if not isinstance(url, str) or not _URL.fullmatch(url):
        raise UsageError("alerts: url is no web address", mend=mend)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = None  # no quoting: the address is a secret
        parts = None
    if not usable or parts is None:
        raise UsageError("alerts: url is no web address", mend=mend)
    if parts.username is not None or parts.password is not None:
        raise UsageError("alerts: a password in url is not sent", mend=mend)


def _checked(on: object, kinds: Any, timeout_s: object) -> tuple[str, ...] | None:
    """Check what every destination has; return the kinds."""
    if on not in SEVERITIES:
        raise UsageError("alerts: on= is no severity", mend=f"one of {', '.join(SEVERITIES)}")
    seconds = timeout_s if isinstance(timeout_s, int | float) else 0.0
    if isinstance(timeout_s, bool) or not 0 < seconds <= _LONGEST_TIMEOUT_S:
        raise UsageError(
            "alerts: timeout_s cannot be used",  # not quoted: it may be the headers, misplaced
            mend=f"give seconds, more than 0 and at most {_LONGEST_TIMEOUT_S:g}",
        )
    return None if kinds is None else checked_kinds(kinds, "alerts")


def _checked_headers(headers: Any) -> tuple[tuple[str, str], ...]:
    mend = "give a dict of names and values in plain ASCII"
    try:
        pairs = tuple(dict(headers or {}).items())
    except (TypeError, ValueError):
        raise UsageError("alerts: headers is no dict", mend=mend) from None  # may quote a secret
    for name, value in pairs:
        named = isinstance(name, str) and _HEADER_NAME.fullmatch(name)
        if not named or not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise UsageError("alerts: a header cannot be sent", mend=mend)
    return pairs
