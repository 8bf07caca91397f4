"""What a check is asked to do, refused at once where it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from provenir.core.errors import UsageError

__all__ = ["DEFAULT_RULE", "ENGINES", "METHODS", "RULE_NAMES", "ContaminationConfig"]

METHODS: Final = ("ngram", "exact", "minhash", "embedding")
"""How texts are compared; the first is the default."""

RULE_NAMES: Final = ("idf-aligned", "gpt3-13gram", "palm-8gram", "llama3")
"""The rules of the method `ngram` (`provenir.data.overlap.rules`); the first is the default."""

ENGINES: Final = ("threads", "ray")
"""Where the scan runs; the first is the default."""

DEFAULT_RULE: Final = RULE_NAMES[0]
_NO_THRESHOLD: Final = ("exact", "gpt3-13gram")
_LONGEST_GRAM: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ContaminationConfig:
    """The settings of a check.

    Attributes:
        method: `ngram` finds common stretches of words; `exact` equal texts, short ones too;
            `minhash` near-duplicates; `embedding` paraphrases.
        rule: When common stretches are a leak, for the method `ngram`: `idf-aligned` unless given,
            or a published one: `gpt3-13gram`, `palm-8gram`, `llama3`.
        threshold: Share of an item from which on it leaked, above 0 and up to 1; None for the
            rule's own. `exact` and `gpt3-13gram` have none.
        n: Length of the n-grams in words, for the published rules; None for their own.
        fields: Top-level names or paths of the training rows that are examined; None for every
            text of a row.
        eval_fields: The same for the eval records.
        exhaustive: Name each row too that shares any run of 13 words with an item, whatever the
            rule says of it: slower, and complete.
        engine: `threads`, or `ray` (extra `ray`).
        workers: How many threads or tasks; None for one per core that may be used.
        strict: Refuse what cannot be examined instead of counting it.
        embedder: For the method `embedding`: a callable from texts to vectors, or the name of a
            sentence-transformers model; None for the one that works offline.
        max_hits: Most hits that a report keeps in memory; all are counted.

    Raises:
        UsageError: A setting that is none, or that does not fit the others.
    """

    method: str = METHODS[0]
    rule: str | None = None
    threshold: float | None = None
    n: int | None = None
    fields: tuple[str, ...] | None = None
    eval_fields: tuple[str, ...] | None = None
    exhaustive: bool = False
    engine: str = ENGINES[0]
    workers: int | None = None
    strict: bool = False
    embedder: str | Callable[..., Any] | None = None
    max_hits: int = 100_000

    def __post_init__(self) -> None:
        _one_of("method", self.method, METHODS)
        _one_of("engine", self.engine, ENGINES)
        if self.method == "ngram":
            _one_of("rule", self.rule or DEFAULT_RULE, RULE_NAMES)
            object.__setattr__(self, "rule", self.rule or DEFAULT_RULE)
        elif self.rule is not None:
            raise _fault(f"rule={self.rule!r} with method={self.method!r}", "leave the rule out")
        for name in ("fields", "eval_fields"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        for name in ("exhaustive", "strict"):
            if not isinstance(getattr(self, name), bool):
                raise _fault(f"{name}={getattr(self, name)!r}", "give True or False")
        self._check_numbers()
        if self.embedder is not None and self.method != "embedding":
            raise _fault(f"an embedder with method={self.method!r}", "set method='embedding'")
        if self.exhaustive and self.method != "ngram":
            raise _fault(f"exhaustive with method={self.method!r}", "leave exhaustive out")

    def _check_numbers(self) -> None:
        ruled = self.rule or self.method
        if self.threshold is not None:
            if ruled in _NO_THRESHOLD:
                raise _fault(f"{ruled} has no threshold", "leave threshold out")
            if not _is_number(self.threshold) or not 0 < self.threshold <= 1:
                raise _fault(f"threshold={self.threshold!r}", "give a share above 0, up to 1")
        if self.n is not None:
            if self.rule in (None, DEFAULT_RULE):
                raise _fault(
                    f"n belongs to the published n-gram rules, not to {ruled}",
                    f"leave n out, or choose a rule: {', '.join(RULE_NAMES[1:])}",
                )
            if type(self.n) is not int or not 1 <= self.n <= _LONGEST_GRAM:
                raise _fault(f"n={self.n!r}", f"give a number of words from 1 to {_LONGEST_GRAM}")
        for name in ("workers", "max_hits"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise _fault(f"{name}={value!r}", "give a whole number from 1 on")


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise _fault(f"{name}={value!r}", f"give one of {', '.join(known)}")


def _names(name: str, value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else []
    if not names or not all(isinstance(one, str) and one for one in names):
        raise _fault(f"{name} is a list of field names", f"write {name}=['prompt']")
    return tuple(dict.fromkeys(names))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fault(what: str, mend: str) -> UsageError:
    return UsageError(what, where="ContaminationConfig", mend=mend)
