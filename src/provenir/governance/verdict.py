"""The verdict: one row per check, what was not checked, and why.

Rules:

* A check that was asked for ends as `pass`, `fail` or `undecided` (evidence or key missing).
* A check that was not asked for is listed as `not-checked` and does not change the outcome.
* `bool(verdict)` is True only when at least one check passed and none failed or stayed undecided.
* Every row that is not a pass names its reason from the closed set `REASONS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from provenir.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "NOTES",
    "REASONS",
    "Check",
    "Status",
    "Verdict",
    "note_line",
]

_NAME_CHARS: Final = 200

Status = Literal["pass", "fail", "not-checked", "undecided"]

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bad-signature": "the signature does not fit the bytes, or the secret is another one",
        "unknown-key": "none of the signatures was made with the key that was given",
        "no-key": "no key was given, or the trust policy names none for the role",
        "wrong-predicate": "it is of another predicate type than is asked for, or its key may sign",
        "malformed": "what was signed cannot be read as what it should be",
        "wrong-role": "it was signed by a key of the trust policy that does not hold the role",
        "below-threshold": "fewer distinct keys signed than the trust policy asks for",
        "shared-secret": "a shared secret counts toward no role: whoever verifies can forge",
        "compromised-key": "the key is compromised, and nothing shows that it signed before",
        "not-yet-valid": "the key does not count yet by the verifier's clock",
        "revoked": "it was taken back",
        "rolled-back": "a newer one was seen before",
        "bad-rotation": "the next trust policy is not signed as the former and the new one ask for",
        "wrong-model": "the passport is of another model than was asked about",
        "missing-statement": "a statement that a role should have signed is not there",
        "statement-mismatch": "a listed statement speaks of something else than the passport",
        "subject-mismatch": "the subjects are not those that the bill of materials describes",
        "expired": "the passport's time is over by the verifier's clock",
        "flags-mismatch": "risk flags or assurance are not what the evidence gives",
        "artifact-mismatch": "the artifact is not the one that was signed for",
        "bom-mismatch": "the bill of materials beside the passport is not the signed one",
        "manifest-mismatch": "the run's manifest is changed, or is not the one that was signed",
        "missing-report": "a file that should be in the run folder is not there",
        "changed-report": "a file in the run folder is not the one that was recorded",
        "unbound-run": "the passport names no run manifest, so no folder can prove it",
        "unfinished-run": "the run has not ended, so its files are not recorded yet",
        "not-recorded": "no recorded digest covers it",
        "not-reached": "a check that comes before it did not hold",
        "not-in-log": "the log's line speaks of another passport",
        "log-inconsistent": "proof, checkpoint and log do not belong to one growing log",
        "log-truncated": "the log is shorter than it once was",
        "wrong-log": "the checkpoint is of another log",
        "missing-checkpoint": "a signed checkpoint of the log is asked for, and there is none",
        "no-checkpoint": "no checkpoint that was signed or kept by somebody trusted covers it",
        "no-consistency-proof": "nothing shows how the two sizes of the log belong together",
        "no-trust-policy": "who may sign it is said by a trust policy, and none was given",
        "newer-rules": "the risk flags follow rules that this version does not know",
        "ledger-mismatch": "close, passport and training ledger do not speak of one ledger",
        "one-key": "one key signed in two roles that must be two parties",
        "ledger-gap": "records or steps of the training ledger are missing",
        "ledger-fork": "a record of the training ledger does not follow the one before it",
        "out-of-order": "a record of the training ledger stands where it cannot",
        "intent-mismatch": "the run is not the one that was planned before it began",
        "step-count": "the run has another number of steps than was planned",
        "parameter-break": "parameters changed between two records of the training ledger",
        "endpoint-mismatch": "the steps do not lead from the first parameters to the last",
        "frozen-changed": "parameters that were frozen have changed",
        "details-mismatch": "the details of a step are not those that it commits to",
        "not-admitted": "a batch holds an example that was not admitted, or was excluded",
        "route-mismatch": "weights of a step do not follow from the routes of its examples",
        "dataset-mismatch": "the disclosed rows are not those that the ledger commits to",
        "metadata-mismatch": "the disclosed metadata is not that of the ledger",
        "admission-mismatch": "policy and metadata do not give the admission that was recorded",
        "profile-mismatch": "policy and profiles do not give the weights that were recorded",
        "expired-admission": "a batch holds an example that was denied on that day",
        "order-mismatch": "the batches are not those that the sampler gives for its seed",
        "foreign-sampler": "another sampler drew the batches, so their order cannot be derived",
        "not-asked": "it is of a level above the one that was asked for",
        "not-given": "it was not handed over",
        "not-stated": "the passport states none",
    }
)
"""Every reason that a check can give, with its meaning."""

NOTES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "team-internal": "whoever can verify it can forge it",
        "unsigned": "there is no signature",
        "no_model_artifact": "no model artifact is named: this speaks of a run or of a list only",
        "self_declared_evidence": "a scan or check is the signer's word, without a report",
        "more_signatures": "the envelope carries signatures that were not checked",
        "not_examined": "rollouts were not, or not fully, examined for reward hacking",
        "not_remembered": "what was seen here could not be kept: an older one may pass next time",
        "ledger_V0": "the training ledger holds up to V0: its files are the signed ones",
        "ledger_V1": "the training ledger holds up to V1: nothing is missing from it",
        "ledger_V2": "the training ledger holds up to V2: policy, profiles and sampler give it "
        "again; replay (V3, V4) was not checked",
        "attested_facts": "times, rights and entropies are the word of those who signed them",
        "no_health_data": "nothing is known of the run's health: no metrics were recorded",
    }
)
"""Every note that a verdict can carry; a note never changes the outcome."""


def note_line(name: str) -> str:
    """A note as it stands in a verdict: `<name>: <text>`.

    Raises:
        KeyError: There is no such note.
    """
    return f"{name}: {NOTES[name]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question and its answer.

    Attributes:
        name: What was asked, such as `signature` or `artifact`; ends in `:<subject>` where one
            question is asked of several things.
        status: The answer.
        reason: Why it is not a pass, a key of `REASONS`; None for a pass.
        detail: One sentence for people. What it quotes from data is neutralised here, for every
            way in which a verdict may be shown.
    """

    name: str
    status: Status
    reason: str | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        if self.status not in get_args(Status):
            raise ValueError(f"no such status: {self.status!r}")
        if (self.status == "pass") != (self.reason is None):
            raise ValueError("a pass has no reason, and everything else has one")
        if self.reason is not None and self.reason not in REASONS:
            raise ValueError(f"no such reason: {self.reason!r}")
        object.__setattr__(self, "name", printable(self.name, max_chars=_NAME_CHARS))
        object.__setattr__(self, "detail", printable(self.detail))

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON."""
        return {
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answers to everything that was asked.

    Attributes:
        checks: One row per question.
        notes: Lines `<name>: <text>` of `NOTES`; they never change the outcome.
        assurance_claimed: What the passport says of itself; None where nothing could be read.
        assurance_established: What this verification can vouch for; None before any signature
            holds.
    """

    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    assurance_claimed: str | None = None
    assurance_established: str | None = None

    def __bool__(self) -> bool:
        """True only when every check that was asked for holds."""
        return self.exit_code == 0 and any(check.status == "pass" for check in self.checks)

    @property
    def exit_code(self) -> Literal[0, 1, 3]:
        """0 good, 1 checked and failed, 3 could not decide something that was asked."""
        states = {check.status for check in self.checks}
        if "fail" in states:
            return 1
        return 3 if "undecided" in states or "pass" not in states else 0

    @property
    def failures(self) -> tuple[Check, ...]:
        """The rows that failed."""
        return tuple(check for check in self.checks if check.status == "fail")

    @property
    def not_checked(self) -> tuple[Check, ...]:
        """The rows that were not asked for."""
        return tuple(check for check in self.checks if check.status == "not-checked")

    def has_note(self, name: str) -> bool:
        """Whether the note of that name is there."""
        return any(line.partition(":")[0] == name for line in self.notes)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Reasons of the rows that failed or stayed undecided, in order, each once."""
        rows = (c.reason for c in self.checks if c.status in ("fail", "undecided") and c.reason)
        return tuple(dict.fromkeys(rows))

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON."""
        return {
            "good": bool(self),
            "exit_code": self.exit_code,
            "checks": [check.to_dict() for check in self.checks],
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "assurance_claimed": self.assurance_claimed,
            "assurance_established": self.assurance_established,
        }
