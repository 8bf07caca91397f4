"""What a log proves, as documents that need neither the log nor its folder to be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.digest import format_digest, parse_digest
from provenir.core.errors import InputError
from provenir.core.merkle import leaf_hash, verify_consistency, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.attest.log_check import LogState

__all__ = ["consistency_document", "consistency_holds", "inclusion_document", "inclusion_holds"]


def inclusion_document(
    line: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]
) -> dict[str, Any]:
    """An inclusion proof: `{"entry", "index", "size", "leaf_hash", "root", "proof"}`."""
    return {
        "entry": line.decode("utf-8"),
        "index": index,
        "size": size,
        "leaf_hash": format_digest(leaf_hash(line)),
        "root": format_digest(root),
        "proof": [format_digest(step) for step in proof],
    }


def consistency_document(
    sizes: tuple[int, int], roots: tuple[bytes, bytes], proof: Sequence[bytes]
) -> dict[str, Any]:
    """A consistency proof: `{"old_size", "new_size", "old_root", "new_root", "proof"}`.

    Args:
        sizes: The smaller and the larger size.
        roots: The roots at them.
        proof: The hashes of RFC 6962 section 2.1.2.
    """
    return {
        "old_size": sizes[0],
        "new_size": sizes[1],
        "old_root": format_digest(roots[0]),
        "new_root": format_digest(roots[1]),
        "proof": [format_digest(step) for step in proof],
    }


def inclusion_holds(proof: Mapping[str, Any], known: LogState | None = None) -> bool:
    """Tell whether a proof by `EventLog.inclusion` shows its entry under its root; never raises.

    Args:
        proof: As `EventLog.inclusion` makes it, of any origin.
        known: The state of the log that the verifier trusts. Without it only the proof's own
            consistency is told: anyone can make a log of their own with a proof that fits it, and
            the same path can fit a tree of another size.
    """
    try:
        hashed = leaf_hash(proof["entry"].encode("utf-8"))
        index, size = proof["index"], proof["size"]
        if type(index) is not int or type(size) is not int:
            return False
        if known is not None and (size, proof["root"]) != (known.size, known.root):
            return False
        return parse_digest(proof["leaf_hash"]) == hashed and verify_inclusion(
            hashed,
            index,
            size,
            [parse_digest(step) for step in proof["proof"]],
            parse_digest(proof["root"]),
        )
    except (AttributeError, InputError, KeyError, TypeError, ValueError):
        return False


def consistency_holds(
    proof: Mapping[str, Any], old: LogState | None = None, new: LogState | None = None
) -> bool:
    """Tell whether a proof shows that one state of a log extends another; never raises.

    Args:
        proof: As `EventLog.consistency` makes it, of any origin.
        old: The state that the verifier held before.
        new: The state that it is asked to accept. Without both of them only the proof's own
            consistency is told: anyone can make two trees that fit.
    """
    try:
        sizes = (proof["old_size"], proof["new_size"])
        if type(sizes[0]) is not int or type(sizes[1]) is not int:
            return False
        roots = (proof["old_root"], proof["new_root"])
        for known, size, root in zip((old, new), sizes, roots, strict=True):
            if known is not None and (size, root) != (known.size, known.root):
                return False
        return verify_consistency(
            *sizes,
            [parse_digest(step) for step in proof["proof"]],
            parse_digest(roots[0]),
            parse_digest(roots[1]),
        )
    except (AttributeError, InputError, KeyError, TypeError, ValueError):
        return False
