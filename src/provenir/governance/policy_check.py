"""What a policy and its table say that nobody can have meant.

A condition compares fields with literals and with each other, so it cannot tell apart two values
that lie between the same literals. One value of each kind is therefore enough: the policy is
evaluated for every combination of them, and a rule that decides none of these decides nothing,
ever. Where that would take too long, it is said instead (`not_examined`).
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError
from provenir.core.findings import Finding, Report
from provenir.governance.expressions import FIELDS, evaluate, parse_day
from provenir.governance.metadata import CONSENTS, PII, RIGHTS, is_content_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from provenir.governance.admission import AdmissionPolicy
    from provenir.governance.depth import DepthTable
    from provenir.governance.expressions import Fact

__all__ = ["asked_fields", "check_policy"]

MAX_WORK: Final = 5_000_000
"""Most parts of conditions that are looked at, over all combinations: a few seconds."""

_WORDS: Final = {"rights": RIGHTS, "consent": CONSENTS, "pii": PII}
_NULLABLE: Final = frozenset({"license", "jurisdiction"})
_DATES: Final = frozenset({"date", "license_expires"})
_ORDERED: Final = frozenset({*_DATES, "band"})
_SOME_DAY: Final = date(2026, 1, 1)
_NEIGHBOURS: Final = range(-2, 3)
_OTHER: Final = "another"


def check_policy(policy: AdmissionPolicy, table: DepthTable | None = None) -> Report:
    """Report what is wrong with a policy, and with the table that it goes with.

    Args:
        policy: The policy.
        table: Its table; without one its digest and its profiles are not examined.

    Returns:
        Findings: ``other_profiles``, ``unknown_word``, ``unreachable_rule`` and
        ``unreachable_profile`` (critical), ``rule_can_fail`` (warning).
    """
    findings = [*_unknown_words(policy)]
    examined = {"rules": len(policy.rules)}
    not_examined = {}
    if table is None:
        not_examined["profiles"] = "no table was given"
    else:
        examined["profiles"] = len(table.profiles)
        findings += [*_other_table(policy, table), *_shadowed(policy, table)]
    domains = _domains(policy, table)
    count = prod(map(len, domains.values()))
    if count * _size(policy) <= MAX_WORK:
        examined["combinations"] = count
        findings += _unreached(policy, domains)
    else:
        not_examined["reachability"] = f"{count:,} combinations of values are too many to try"
    return Report(
        name="policy", findings=tuple(findings), examined=examined, not_examined=not_examined
    )


def asked_fields(policy: AdmissionPolicy) -> frozenset[str]:
    """Return the fields that any condition of a policy compares."""
    every = (one for rule in policy.rules for one in _comparisons(rule.when))
    return frozenset(field for operands in every for field in _fields(operands))


def _other_table(policy: AdmissionPolicy, table: DepthTable) -> Iterator[Finding]:
    if (digest := table.digest()) != policy.profiles:
        yield Finding(
            kind="other_profiles",
            severity="critical",
            detail=f"the policy names the table {policy.profiles}, and this one is {digest}",
            data={"stated": policy.profiles, "found": digest},
        )


def _unknown_words(policy: AdmissionPolicy) -> Iterator[Finding]:
    for rule in policy.rules:
        for operands in _comparisons(rule.when):
            for field in _fields(operands):
                for word in _texts(operands):
                    if not _is_word(field, word):
                        yield Finding(
                            kind="unknown_word",
                            severity="critical",
                            detail=f"{field} is never {word!r}",
                            subject=rule.name,
                            data={"field": field, "word": word},
                        )


def _is_word(field: str, word: str) -> bool:
    if field == "content_class":
        return is_content_class(word)
    return bool(word) and word in _WORDS.get(field, (word,))


def _unreached(policy: AdmissionPolicy, domains: Mapping[str, Sequence[Fact]]) -> Iterator[Finding]:
    reached: set[str] = set()
    failing: dict[str, tuple[str, dict[str, Fact]]] = {}
    for values in product(*domains.values()):
        facts = dict(zip(domains, values, strict=True))
        for rule in policy.rules:
            try:
                if evaluate(rule.when, facts):
                    reached.add(rule.name)
                    break
            except InputError as fault:
                failing.setdefault(rule.name, (fault.what, facts))
                break
    for rule in policy.rules:
        if rule.name not in reached:
            yield Finding(
                kind="unreachable_rule",
                severity="critical",
                detail="no example comes to this rule and fulfils it",
                subject=rule.name,
            )
        if rule.name in failing:
            yield _can_fail(rule.name, rule.when, *failing[rule.name])


def _can_fail(name: str, when: Any, what: str, facts: Mapping[str, Fact]) -> Finding:
    asked = {field for operands in _comparisons(when) for field in _fields(operands)}
    case = {name: None if facts[name] is None else str(facts[name]) for name in sorted(asked)}
    told = ", ".join(f"{field} {value or 'null'}" for field, value in case.items())
    return Finding(
        kind="rule_can_fail",
        severity="warning",
        detail=f"{what}, for {told}: such an example is denied, whatever follows",
        subject=name,
        data={"facts": case},
    )


def _shadowed(policy: AdmissionPolicy, table: DepthTable) -> Iterator[Finding]:
    named = {word for one in table.profiles for word in one.content or ()}
    found = {
        profile.id
        for rights, content, band in product(
            RIGHTS, [*sorted(named), _fresh(named)], _bands(policy, table)
        )
        if (profile := table.profile_for(rights, content, band)) is not None
    }
    for profile in table.profiles:
        if profile.id not in found:
            yield Finding(
                kind="unreachable_profile",
                severity="critical",
                detail="every example that it is for has an earlier profile",
                subject=profile.id,
            )


def _domains(policy: AdmissionPolicy, table: DepthTable | None) -> dict[str, Sequence[Fact]]:
    """Field to one value of each kind that the policy can tell apart."""
    every = [operands for rule in policy.rules for operands in _comparisons(rule.when)]
    # Two text fields in one comparison: either may hold what the other is compared with.
    linked = any(len(set(_fields(one)) - _ORDERED) > 1 for one in every)
    words = {word for words in _WORDS.values() for word in words} if linked else set()
    asked = asked_fields(policy)
    domains: dict[str, Sequence[Fact]] = {}
    for field in FIELDS:
        own = every if linked else [one for one in every if field in _fields(one)]
        if field == "band":
            domains[field] = _bands(policy, table)
        elif field in _DATES:
            domains[field] = _days(every, field) if field in asked else [_SOME_DAY]
        elif field == "base" and policy.base is not None:
            domains[field] = [policy.base]
        elif field in _WORDS:
            domains[field] = _WORDS[field] if field in asked else [_WORDS[field][-1]]
        else:
            texts = words | {text for operands in own for text in _texts(operands)}
            possible = sorted(text for text in texts if _is_word(field, text))
            nothing = [None] if field in _NULLABLE else []
            domains[field] = [*possible, _fresh(texts), *nothing] if field in asked else [_OTHER]
    return domains


def _bands(policy: AdmissionPolicy, table: DepthTable | None) -> list[int | None]:
    if table is not None and table.bands is not None:
        return list(range(len(table.bands.edges) + 1))
    if table is not None:
        return [None]
    operands = [one for rule in policy.rules for one in _comparisons(rule.when)]
    compared = [one for one in operands if "band" in _fields(one)]
    numbers = {part for one in compared for part in _literals(one) if type(part) is int}
    near = {number + step for number in numbers for step in (-1, 0, 1)}
    return [None, *sorted(number for number in near | {0} if number >= 0)]


def _days(every: Sequence[list[Any]], field: str) -> list[date | None]:
    stated = {day for operands in every for day in _dates(operands)} or {_SOME_DAY}
    days = _near(stated)
    return [*sorted(days)] if field == "date" else [*sorted(_near(days)), None]


def _near(days: set[date]) -> set[date]:
    least, most = date.min.toordinal(), date.max.toordinal()
    steps = (day.toordinal() + step for day in days for step in _NEIGHBOURS)
    return {date.min + timedelta(n - least) for n in steps if least <= n <= most}


def _fresh(texts: set[str]) -> str:
    """A text that is none of some, and may name a content class."""
    fresh = _OTHER
    while fresh in texts:
        fresh += "_"
    return fresh


def _size(policy: AdmissionPolicy) -> int:
    """How many parts the conditions of a policy have, in all."""
    every = (one for rule in policy.rules for one in _comparisons(rule.when))
    return len(policy.rules) + sum(len(operands) + 1 for operands in every)


def _comparisons(expression: Any) -> Iterator[list[Any]]:
    """The operands of each comparison in an expression."""
    if isinstance(expression, bool):
        return
    operator, *parts = expression
    if operator in ("and", "or", "not"):
        for part in parts:
            yield from _comparisons(part)
    else:
        yield [parts[0], *parts[1]] if operator == "in" else parts


def _fields(operands: Sequence[Any]) -> list[str]:
    return [part["field"] for part in operands if isinstance(part, dict) and "field" in part]


def _dates(operands: Sequence[Any]) -> list[date]:
    return [parse_day(one["date"]) for one in operands if isinstance(one, dict) and "date" in one]


def _literals(operands: Sequence[Any]) -> list[Any]:
    return [part for part in operands if not isinstance(part, dict)]


def _texts(operands: Sequence[Any]) -> list[str]:
    return [part for part in _literals(operands) if isinstance(part, str)]
