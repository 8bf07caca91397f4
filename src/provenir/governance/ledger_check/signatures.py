"""Who signed for a ledger: the operator its close, governance the policy, the source the data.

Whether a signature counts is decided as for a passport's roles (`provenir.governance.role_check`);
here it is asked of three parties that must be three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.errors import EvidenceError, InputError
from provenir.governance.claims import (
    DataSourceStatement,
    ExampleMetadataStatement,
    LedgerCloseStatement,
    PolicyStatement,
)
from provenir.governance.ledger_check.files import need
from provenir.governance.statements import MAX_STATEMENT_BYTES, RoleStatement
from provenir.provenance.ledger import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from provenir.governance.claims import Claim
    from provenir.governance.ledger_check.files import LedgerFiles
    from provenir.governance.role_check import RoleCheck
    from provenir.provenance.ledger.records import Header

__all__ = ["Signatures", "read_closing"]


def read_closing(files: LedgerFiles) -> tuple[RoleStatement, LedgerCloseStatement]:
    """Read what the operator states of the ledger.

    Raises:
        EvidenceError: `missing-report`, `wrong-predicate`, `malformed`.
    """
    data = files.read(layout.CLOSE, max_bytes=MAX_STATEMENT_BYTES)
    try:
        statement = RoleStatement.from_bytes(data, where=layout.CLOSE)
    except InputError as fault:
        raise EvidenceError(fault.what, reason="malformed", where=layout.CLOSE) from fault
    claim = statement.claim
    if not isinstance(claim, LedgerCloseStatement):
        raise EvidenceError("not a close", reason="wrong-predicate", where=layout.CLOSE)
    return statement, claim


class Signatures:
    """The statements that a passport lists, and whose signature counts.

    Args:
        roles: Whose signature counts; None without a trust policy.
        statements: Those that are listed and belong to the passport, one for each envelope.
    """

    def __init__(self, roles: RoleCheck | None, statements: Sequence[RoleStatement]) -> None:
        self._roles = roles
        self._statements = tuple(statements)
        self._signed_by: dict[str, set[tuple[str, bytes]]] = {}

    def close(self, closing: RoleStatement | None) -> None:
        """Ask for the operator's signature under the close; raises as `policy`."""
        if closing is None:
            self._need_signed("operator", [])
        else:
            listed = [one for one in self._statements if one.digest == closing.digest]
            self._need_signed("operator", [listed or [closing]])

    def policy(self, header: Header) -> None:
        """Ask for governance's signature under the policy.

        Raises:
            EvidenceError: The reason, one of those of a role.
        """
        self._need_signed(
            "governance",
            self._of(lambda c: isinstance(c, PolicyStatement) and c.policy == header.policy),
        )

    def dataset(self, header: Header) -> None:
        """Ask for the data source's signature under the dataset; raises as `policy`."""
        data = (header.dataset.root, header.dataset.n)
        self._need_signed(
            "data-source",
            self._of(
                lambda c: isinstance(c, DataSourceStatement) and (c.records_root, c.n) == data
            ),
        )

    def metadata(self, header: Header) -> None:
        """Ask for its signature under the metadata, where there is any; raises as `policy`."""
        if header.metadata.n == 0:
            return
        wanted = (
            *(header.dataset.root, header.dataset.n, header.metadata.root, header.metadata.n),
        )
        self._need_signed(
            "data-source",
            self._of(
                lambda c: (
                    isinstance(c, ExampleMetadataStatement)
                    and (c.records_root, c.n, c.metadata_root, c.metadata_n) == wanted
                )
            ),
        )

    def are_distinct(self) -> None:
        """Make sure that no key counted in two roles.

        Raises:
            EvidenceError: `one-key`.
        """
        counted = [key for keys in self._signed_by.values() for key in keys]
        need(len(set(counted)) == len(counted), "one-key", "one key signed in two roles")

    def _of(self, holds: Callable[[Claim], bool]) -> list[list[RoleStatement]]:
        """The statements of a kind, each as the envelopes around it."""
        found: dict[str, list[RoleStatement]] = {}
        for one in self._statements:
            if holds(one.claim):
                found.setdefault(one.digest, []).append(one)
        return list(found.values())

    def _need_signed(self, role: str, statements: Sequence[Sequence[RoleStatement]]) -> None:
        what = f"the role {role} has not signed it"
        if self._roles is None:
            what = f"who may sign as {role} is said by a trust policy"
            raise EvidenceError(what, reason="no-trust-policy")
        named = bool(self._roles.policy.keys_of(role))
        need(named, "no-key", f"the trust policy names no key for the role {role}")
        need(bool(statements), "missing-statement", f"a statement of the role {role} is not there")
        first = None
        for same in statements:  # one that is signed as it should be is enough
            reason = self._roles.unsigned(same)
            if reason is None:
                self._signed_by.setdefault(role, set()).update(self._roles.counting(same))
                return
            first = first or reason
        where = statements[0][0].claim.subject().name
        raise EvidenceError(what, reason=first or "missing-statement", where=where)
