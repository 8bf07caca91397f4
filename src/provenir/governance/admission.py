"""Admission: what a signed policy decides about one example.

The first rule whose condition holds decides; where none holds, where the table has no profile, and
where the evaluation fails, the example is denied (`docs/reference/ledger.md`, "policy.json"). The
decision depends on the policy, the table, the example's metadata, its entropy band, the base model
and the day, and on nothing else, so that a stranger comes to the same one.

::

    deny                      the default
    ├── no_rule               no condition holds
    ├── no_profile            a rule admits it, the table has no profile for it
    └── evaluation_error      a condition compares what cannot be compared, or the parts
                              (policy, table, base, band) do not belong together
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from provenir.core.document import DigestText, Document, Part
from provenir.core.errors import InputError, UsageError
from provenir.governance.components import Few
from provenir.governance.depth import Weight
from provenir.governance.expressions import FIELDS, check, evaluate
from provenir.governance.metadata import ExampleMetadata

if TYPE_CHECKING:
    from provenir.governance.depth import DepthTable, Weights
    from provenir.governance.expressions import Fact

__all__ = [
    "EVALUATION_ERROR",
    "MAX_RULES",
    "NO_PROFILE",
    "NO_RULE",
    "Admission",
    "AdmissionDecision",
    "AdmissionPolicy",
    "Effect",
    "Rule",
    "decide",
    "facts_of",
]

Effect = Literal["allow", "attenuate", "deny", "review"]

NO_RULE: Final = "no_rule"
NO_PROFILE: Final = "no_profile"
EVALUATION_ERROR: Final = "evaluation_error"

MAX_RULES: Final = 256
"""Most rules of a policy."""

_MAX_VERSION: Final = 2**31
_MAX_REMEMBERED: Final = 100_000
_UNKNOWN: Final = ExampleMetadata(content="sha256:" + "0" * 64).facts()
"""What is known where nobody said anything; the content is no part of it."""


def _condition(value: Any) -> Any:
    try:
        check(value)
    except InputError as fault:  # pydantic knows ValueErrors only
        raise UsageError(fault.what) from fault
    return value


Condition = Annotated[
    Any,
    AfterValidator(_condition),
    WithJsonSchema({"type": ["array", "boolean"], "description": "see docs/reference/ledger.md"}),
]


class Rule(Part):
    """One line of the decision table.

    Attributes:
        name: What it is called; admissions name it.
        when: Its condition, an expression of `governance.expressions`.
        effect: What it decides; in training `review` counts as deny.
        reasons: Codes for whoever reads the decision.
        cap: With `attenuate`: the most that the example may move any block, in thousandths.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    when: Condition
    effect: Effect
    reasons: Annotated[
        Few[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]], Field(min_length=1, max_length=16)
    ]
    cap: Weight | None = None

    @model_validator(mode="after")
    def _cap_goes_with_attenuate(self) -> Self:
        if (self.effect == "attenuate") != (self.cap is not None):
            raise ValueError("a rule has a cap when its effect is attenuate, and only then")
        return self


class AdmissionPolicy(Document):
    """Which examples may train, and how much (`admission-policy/1`).

    Attributes:
        name: What it is called.
        version: Counts from 1.
        base: Tensor root of the one base model that it is for; None is any.
        profiles: Digest of the table of depth profiles that it goes with.
        rules: The first that holds decides.
        default: What is decided where none holds.
    """

    schema_version: Literal["admission-policy/1"] = "admission-policy/1"
    name: Annotated[str, Field(min_length=1, max_length=200)]
    version: Annotated[int, Field(ge=1, le=_MAX_VERSION)] = 1
    base: DigestText | None = None
    profiles: DigestText
    rules: Annotated[Few[Rule], Field(max_length=MAX_RULES)]
    default: Literal["deny"] = "deny"

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        if len({rule.name for rule in self.rules}) < len(self.rules):
            raise ValueError("two rules of one name")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionDecision:
    """What was decided about one example.

    Attributes:
        effect: What the rule says; `deny` where there is none.
        rule: Its name; None where none held, or the evaluation failed.
        reasons: The rule's codes, or one of this module's.
        profile: Id of the depth profile; None unless the example is admitted.
        weights: Thousandths for each block of the table; None unless the example is admitted.
        policy: Digest of the policy.
    """

    effect: Effect
    rule: str | None
    reasons: tuple[str, ...]
    profile: str | None
    weights: Weights | None
    policy: str

    @property
    def is_admitted(self) -> bool:
        """Whether the example may train; `review` may not."""
        return self.weights is not None


def decide(
    metadata: ExampleMetadata | None,
    policy: AdmissionPolicy,
    table: DepthTable,
    *,
    on: date,
    base: str,
    band: int | None,
) -> AdmissionDecision:
    """Decide about one example. Never raises: whatever fails is a denial.

    Args:
        metadata: What is known of it; None where nobody said anything.
        policy: The policy.
        table: The table of depth profiles that the policy names.
        on: The day, in UTC.
        base: Tensor root of the run's base model.
        band: Its entropy band; None without bands.
    """
    digest = ""
    try:
        digest = policy.digest()
        return Admission(policy, table, base=base).decide(metadata, on=on, band=band)
    except Exception:  # noqa: BLE001 - an error is a denial, whatever it is
        return _deny(EVALUATION_ERROR, digest)


class Admission:
    """Decides about many examples, and evaluates once for each set of facts.

    Args:
        policy: The policy.
        table: The table of depth profiles that it names.
        base: Tensor root of the run's base model.

    Attributes:
        evaluations: How often the rules were evaluated.

    Raises:
        UsageError: The policy names another table or base, or the bands are of another base.
    """

    def __init__(self, policy: AdmissionPolicy, table: DepthTable, *, base: str) -> None:
        if (digest := table.digest()) != policy.profiles:
            raise UsageError(
                f"the policy {policy.name} is for another table of profiles",
                where="profiles",
                mend=f"this table is {digest}",
            )
        bases = (policy.base, None if table.bands is None else table.bands.base)
        if any(one not in (None, base) for one in bases):
            raise UsageError(
                "the policy or the entropy bands are for another base model",
                where="base",
                mend=f"this base is {base}",
            )
        self.policy = policy
        self.table = table
        self.base = base
        self.digest = policy.digest()
        self.evaluations = 0
        self._known: dict[tuple[object, ...], AdmissionDecision] = {}

    def decide(
        self, metadata: ExampleMetadata | None, *, on: date, band: int | None
    ) -> AdmissionDecision:
        """Decide about one example; see `provenir.governance.admission.decide`."""
        try:
            facts = _UNKNOWN if metadata is None else metadata.facts()
            # True and 1 are one key: with its type a band that is none finds no decision.
            key = (facts, on, band, type(band))
            if (known := self._known.get(key)) is not None:
                return known
            self.evaluations += 1
            decision = self._decide(facts_of(metadata, on=on, base=self.base, band=band))
        except Exception:  # noqa: BLE001 - an error is a denial, whatever it is
            return _deny(EVALUATION_ERROR, self.digest)
        if len(self._known) >= _MAX_REMEMBERED:
            self._known.clear()
        self._known[key] = decision
        return decision

    def _decide(self, facts: dict[str, Fact]) -> AdmissionDecision:
        band = self._known_band(facts["band"])
        rule = next((one for one in self.policy.rules if evaluate(one.when, facts)), None)
        if rule is None:
            return _deny(NO_RULE, self.digest)
        if rule.effect in ("deny", "review"):
            return AdmissionDecision(
                effect=rule.effect,
                rule=rule.name,
                reasons=tuple(rule.reasons),
                profile=None,
                weights=None,
                policy=self.digest,
            )
        rights, content = str(facts["rights"]), str(facts["content_class"])
        profile = self.table.profile_for(rights, content, band)
        if profile is None:
            return _deny(NO_PROFILE, self.digest, rule=rule.name)
        return AdmissionDecision(
            effect=rule.effect,
            rule=rule.name,
            reasons=tuple(rule.reasons),
            profile=profile.id,
            weights=self.table.weights(profile, rights, rule.cap),
            policy=self.digest,
        )

    def _known_band(self, band: Fact) -> int | None:
        last = -1 if self.table.bands is None else len(self.table.bands.edges)
        if band is None or (type(band) is int and 0 <= band <= last):
            return band
        raise InputError(f"the table has no band {str(band)[:20]}")


def facts_of(
    metadata: ExampleMetadata | None, *, on: date, base: str, band: int | None
) -> dict[str, Fact]:
    """What the conditions of a policy can ask about one example: every field, with its value.

    Raises:
        InputError: The day is no date, such as a datetime, whose day depends on its zone.
    """
    if type(on) is not date:
        raise InputError("the day must be a date", mend="hand in instant.astimezone(UTC).date()")
    known = _UNKNOWN if metadata is None else metadata.facts()
    return dict(zip(FIELDS, (*known, on, base, band), strict=True))


def _deny(reason: str, policy: str, *, rule: str | None = None) -> AdmissionDecision:
    return AdmissionDecision(
        effect="deny", rule=rule, reasons=(reason,), profile=None, weights=None, policy=policy
    )
