"""Whether a run can be reproduced here and now: its manifest against the present.

The rule: `reproducible` is True when every item that was supplied matches, and the configuration,
the dataset and the fingerprint were supplied. What was not supplied, or what only one side could
observe, is listed as not compared. A match says that the inputs are the same, not that the result
will be: that is what a replay is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from provenir.core.digest import digest_value
from provenir.core.errors import InputError, UsageError
from provenir.core.text import printable
from provenir.provenance.fingerprint import Fingerprint
from provenir.provenance.recipe import ReplayRecipe, build_recipe

if TYPE_CHECKING:
    from provenir.core.manifest import RunManifest, RunManifestStore

__all__ = ["ReplayEngine", "ReplayRecipe", "ReplayVerification"]

_REQUIRED = ("config_hash", "dataset_hash", "fingerprint")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayVerification:
    """The answer of `ReplayEngine.verify`; true in a condition when reproducible.

    Attributes:
        run_id: the run.
        reproducible: see the module's rule.
        differences: one sentence for each item that differs, item name first.
        not_compared: one sentence for each item that could not be compared.
    """

    run_id: str
    reproducible: bool
    differences: list[str] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.reproducible

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain JSON values."""
        return {
            "run_id": self.run_id,
            "reproducible": self.reproducible,
            "differences": list(self.differences),
            "not_compared": list(self.not_compared),
        }


class ReplayEngine:
    """Compares recorded runs with the present.

    Args:
        store: where the manifests are.
    """

    def __init__(self, store: RunManifestStore) -> None:
        self.store = store

    def verify(
        self,
        run_id: str,
        *,
        current_config_hash: str | None,
        current_dataset_hash: str | None,
        current_fingerprint: Fingerprint | Mapping[str, Any] | None = None,
        current_git_sha: str | None = None,
        current_seed: int | None = None,
    ) -> ReplayVerification:
        """Compare a run with what the caller has now; None means "not supplied".

        Raises:
            UsageError: the fingerprint is neither one nor a mapping.
            InputError: no manifest of that run, or a fingerprint of another shape.
            DocumentError: the manifest cannot be read or was altered.
        """
        manifest = self.store.load(run_id)
        found = _Comparison()
        found.item("config_hash", manifest.config_hash, current_config_hash)
        found.item("dataset_hash", manifest.dataset_hash, current_dataset_hash)
        found.item("git_sha", manifest.git_sha, current_git_sha)
        found.item("seed", manifest.seed, current_seed)
        found.fingerprint(manifest, _fingerprint(current_fingerprint))
        supplied = (current_config_hash, current_dataset_hash, current_fingerprint)
        complete = all(value is not None for value in supplied)
        return ReplayVerification(
            run_id=run_id,
            reproducible=complete and not found.differences,
            differences=found.differences,
            not_compared=found.not_compared,
        )

    def replay_command(self, run_id: str) -> ReplayRecipe:
        """Return what is needed to start the run again; see `recipe.ReplayRecipe`.

        Raises:
            InputError: no manifest of that run.
            DocumentError: the manifest cannot be read or was altered.
        """
        return build_recipe(self.store.load(run_id))


class _Comparison:
    """Collects the two lists of a verification."""

    def __init__(self) -> None:
        self.differences: list[str] = []
        self.not_compared: list[str] = []

    def item(self, name: str, recorded: object, current: object) -> None:
        if current is None:
            need = ", needed to call a run reproducible" if name in _REQUIRED else ""
            self.not_compared.append(f"{name}: not supplied{need}")
        elif recorded != current:
            self._differs(name, recorded, current)

    def fingerprint(self, manifest: RunManifest, current: Fingerprint | None) -> None:
        if current is None:
            self.item("fingerprint", None, None)
            return
        if not manifest.fingerprint:
            self.differences.append("fingerprint: none was recorded")
            return
        try:
            recorded = Fingerprint.from_dict(manifest.fingerprint)
        except InputError as error:
            self.differences.append(f"fingerprint: the recorded one cannot be read ({error})")
            return
        for side, value in (("recorded", recorded), ("current", current)):
            if not value.is_consistent:
                self.differences.append(f"fingerprint: the {side} digest does not fit its content")
        self._compared(recorded, current)
        self._observed(recorded.observed, current.observed)

    def _compared(self, recorded: Fingerprint, current: Fingerprint) -> None:
        if recorded.digest == current.digest:
            return
        before, now = dict(_flat(recorded.compared)), dict(_flat(current.compared))
        names = [n for n in sorted({*before, *now}) if before.get(n) != now.get(n)]
        for name in names:
            self._differs(f"fingerprint.{name}", before.get(name), now.get(name))
        if not names:
            self._differs("fingerprint", recorded.digest, current.digest)

    def _observed(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        for name in sorted({*before, *now}):
            label = f"fingerprint.{printable(name, max_chars=80)}"
            if name not in before:
                self.not_compared.append(f"{label}: not observed by the run")
            elif name not in now:
                self.not_compared.append(f"{label}: not observed now")
            elif before[name] != now[name]:
                self._differs(label, before[name], now[name])

    def _differs(self, name: str, recorded: object, current: object) -> None:
        self.differences.append(f"{name}: recorded {_show(recorded)}, now {_show(current)}")


def _fingerprint(value: Fingerprint | Mapping[str, Any] | None) -> Fingerprint | None:
    if value is None or isinstance(value, Fingerprint):
        return value
    given: object = value
    if not isinstance(given, Mapping):
        raise UsageError(
            f"current_fingerprint is no fingerprint: {type(given).__name__}",
            mend="give capture_fingerprint(), or the mapping that its to_dict() returns",
        )
    return Fingerprint.from_dict(given)


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        name = f"{prefix}{printable(str(key), max_chars=80)}"
        if isinstance(item, Mapping):
            yield from _flat(item, f"{name}.")
        else:
            yield name, item


def _show(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        return f"{printable(str(value), max_chars=160)} ({digest_value(value)[:19]})"
    return printable(str(value), max_chars=160)
