"""Which row of a cluster is kept.

A policy gives every row a rank; the row of the highest rank is kept, of equal ones the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Rank: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """A policy.

    Attributes:
        name: As the user wrote it.
        field: The field whose value decides, None where it is none.
        rank: Rank of a row by its number of shingles and the value of the field.
    """

    name: str
    field: str | None
    rank: Callable[[int, Any], Rank]

    def of(self, row: Mapping[str, Any], shingles: int, where: str) -> Rank:
        """Rank of a row; one without the field, or where it is null, stands behind all others.

        Raises:
            InputError: The value of the field is no number.
        """
        value = None if self.field is None else row.get(self.field)
        if value is not None and not isinstance(value, (int, float)):
            raise InputError(
                f"the field {self.field!r} is no number", where=where, mend="keep by another field"
            )
        return self.rank(shingles, value)


def _greatest(shingles: int, value: Any) -> Rank:
    return () if value is None or value != value else (value,)


def _least(shingles: int, value: Any) -> Rank:
    return tuple(-one for one in _greatest(shingles, value))


_PLAIN: Final[dict[str, Callable[[int, Any], Rank]]] = {
    "first": lambda shingles, value: (),
    "longest": lambda shingles, value: (shingles,),
}
_BY_FIELD: Final[dict[str, Callable[[int, Any], Rank]]] = {"max": _greatest, "min": _least}
POLICIES: Final = ("first", "longest", "max:FIELD", "min:FIELD")


def keep_policy(name: str) -> Keep:
    """The policy of a name: first, longest, max:FIELD or min:FIELD.

    Raises:
        UsageError: There is none of this name.
    """
    if name in _PLAIN:
        return Keep(name, None, _PLAIN[name])
    kind, mark, field = name.partition(":")
    if kind in _BY_FIELD and mark and field:
        return Keep(name, field, _BY_FIELD[kind])
    raise UsageError(f"no row is kept by {name!r}", mend=f"one of {', '.join(POLICIES)}")
