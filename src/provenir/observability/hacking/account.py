"""What of a run's rollouts was looked at and what was not, counted as they come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from provenir.observability.hacking.groups import FEWEST_TEXTS
from provenir.observability.hacking.report import FAILED, SOURCE, UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.observability.hacking.examination import Examination

CODE_KINDS: Final = ("test_tampering", "verifier_gaming", "hardcoded_answers")
TEXT_KINDS: Final = (
    "length_inflation",
    "format_exploit",
    *CODE_KINDS,
    "degenerate_repetition",
    "judge_injection",
    "group_outlier",
)
"""Kinds that live in the words of a response."""

_MAX_REASONS: Final = 32


@dataclass(slots=True)
class Account:
    """Counts over the rollouts that were trained on, and of those that were not.

    Attributes:
        num: Rollouts handed over.
        evaluated: Those that were made in an evaluation.
        examined: Those that were examined in some way.
        texts: Those whose text was read.
        both: Those that carried both rewards.
        hidden: Those whose text is not kept where they come from.
        unquoted: Those whose text was read and may not be kept for a contrast.
        truncated: Texts of which head and tail were read.
        unformatted: Texts for which no format was declared.
        unreadable: Rollouts that could not be read, or had a reward that is not finite.
        faults: Detectors of ours that failed on a text.
        flagged: Rollouts with a signal of severity warning or above.
        confirmed: Those of them with a confirmed one.
        skipped: Why blocks of code were not analysed, counted.
        sources: Evidence source → rollouts that it examined, and that it could not.
    """

    num: int = 0
    evaluated: int = 0
    examined: int = 0
    texts: int = 0
    both: int = 0
    hidden: int = 0
    unquoted: int = 0
    truncated: int = 0
    unformatted: int = 0
    unreadable: int = 0
    faults: int = 0
    flagged: int = 0
    confirmed: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    sources: dict[str, list[int]] = field(default_factory=dict)

    def take(self, seen: Examination) -> None:
        """Count one rollout that was trained on."""
        self.unreadable += bool(seen.rollout.unreadable)
        self.examined += seen.is_examined
        self.both += seen.rollout.has_both
        self.hidden += seen.is_hidden
        self.flagged += seen.is_flagged
        self.confirmed += seen.is_confirmed
        for column, names in enumerate((seen.asked, seen.failed)):
            for name in names:
                self.sources.setdefault(name, [0, 0])[column] += 1
        if (reading := seen.reading) is None:
            return
        self.texts += 1
        self.unquoted += reading.response is None
        self.truncated += reading.truncated
        self.unformatted += not reading.has_format
        self.faults += reading.failed
        for why, count in reading.skipped.items():
            if why in self.skipped or len(self.skipped) < _MAX_REASONS:
                self.skipped[why] = self.skipped.get(why, 0) + count

    @property
    def trained(self) -> int:
        """Rollouts that were trained on."""
        return self.num - self.evaluated

    def counts(self, groups: int) -> dict[str, int]:
        """Return what was examined, for a report."""
        return {
            "trajectories": self.examined,
            "texts": self.texts,
            "both_rewards": self.both,
            "groups": groups,
        }

    def gaps(
        self, *, groups: int, contrasted: int, steps: int, dropped: int, unseen: Iterable[str]
    ) -> dict[str, str]:
        """Say what was not examined and why, for a report.

        Args:
            groups: Groups of rewards that were judged.
            contrasted: Groups whose texts were contrasted.
            steps: Steps whose means of both rewards were compared.
            dropped: Signals that were counted and not kept.
            unseen: Rollouts that were not handed over, in words.
        """
        missing = self._text_gaps(contrasted)
        trained = self.trained
        if not self.both:
            compared = f": only the means of {steps} steps were compared" if steps else ""
            missing["proxy_divergence"] = (
                f"no rollout carried both a reward and a true reward{compared}"
            )
        elif self.both < trained:
            missing["proxy_divergence"] = (
                f"{trained - self.both} of {trained} rollouts carried no true reward"
            )
        if not groups:
            for kind in ("advantage_collapse", "solved_group"):
                missing[kind] = "no group of two or more rewards was given"
        if self.unreadable:
            missing["rewards"] = (
                f"{self.unreadable} rollouts could not be read, or had a reward not finite"
            )
        if self.evaluated:
            missing["evaluation"] = (
                f"{self.evaluated} of {self.num} rollouts were made in an evaluation, "
                "nothing was trained on them"
            )
        for name, (asked, failed) in self.sources.items():
            if failed:
                missing[f"{SOURCE}{name}"] = (
                    f"{failed} of {asked + failed} rollouts could not be examined"
                )
        if said := "; ".join(unseen):
            missing[UNSEEN] = said
        if dropped:
            missing["signals"] = f"{dropped} more signals were counted and not kept"
        return missing

    def _text_gaps(self, contrasted: int) -> dict[str, str]:
        if not self.texts:
            return dict.fromkeys(TEXT_KINDS, f"no text of a rollout was read: {self._unread()}")
        missing: dict[str, str] = {}
        if self.unformatted:
            missing["format_exploit"] = (
                f"no format was declared for {self.unformatted} of {self.texts} texts"
            )
        if self.unquoted:
            missing["group_outlier"] = "texts that are not kept are not contrasted"
        elif not contrasted:
            missing["group_outlier"] = f"no group of {FEWEST_TEXTS} or more texts was given"
        if "group_outlier" in missing:
            missing["length_inflation"] = f"against the run only: {missing['group_outlier']}"
        if self.skipped:
            reasons = ", ".join(f"{why}: {count}" for why, count in sorted(self.skipped.items()))
            for kind in CODE_KINDS:
                missing[kind] = f"blocks of code that were not analysed: {reasons}"
        parts = [
            *([self._unread()] if self.trained > self.texts else []),
            *([f"of {self.truncated} only head and tail were read"] if self.truncated else []),
        ]
        if parts:
            missing["texts"] = "; ".join(parts)
        if self.faults:
            missing[FAILED] = f"{self.faults} times one failed on a text"
        return missing

    def _unread(self) -> str:
        """Say of how many rollouts no text was read, and why."""
        absent = self.trained - self.texts - self.hidden
        parts = [
            *([f"{absent} of {self.trained} carried none"] if absent or not self.trained else []),
            *([f"of {self.hidden} it is not kept"] if self.hidden else []),
        ]
        return ", ".join(parts)
