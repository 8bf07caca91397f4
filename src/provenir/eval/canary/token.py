"""What a canary is and how it is made.

A canary is text: 32 hexadecimal digits in groups of 6, 7, 6, 7 and 6. Filters that mask UUIDs or
checksums do not know that shape, and word tokenisers see five words.

* Without a key it is the head of SHA-256 over the eval set's id: anybody who knows the id can work
  it out, to look for it as well as to plant it.
* With a key it is the head of HMAC-SHA256 (RFC 2104) over the id and the recipient: only a holder
  of the key can work out any, and none tells anything about another.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from typing import TYPE_CHECKING, Final, Self

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes
from provenir.core.errors import UsageError
from provenir.core.text import is_encodable

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DIGITS", "Canary", "derive"]

DIGITS: Final = 32
"""Hexadecimal digits of a canary: 128 bits."""

_BYTES: Final = DIGITS // 2
_GROUPS: Final = (6, 7, 6, 7, 6)
_DOMAIN: Final = b"provenir canary/1\n"
_COMMITMENT: Final = b"provenir canary-commitment/1\n"
_NO_DIGIT: Final = re.compile(r"[\s-]")


class Canary(str):
    """A canary, and whose it is.

    It is its own text, so it can be searched, printed and stored like any other. Two canaries of
    the same text are equal whatever is known about them.

    Args:
        text: The 32 digits, in any case, with or without hyphens and white space.
        eval_set_id: The eval set that it marks, None where that is not known.
        recipient: Who got the copy that it marks, None for all copies.
        keyed: Whether it was made with a key.

    Raises:
        UsageError: The text is no canary.
    """

    __slots__ = ("eval_set_id", "keyed", "recipient")

    eval_set_id: str | None
    recipient: str | None
    keyed: bool

    def __new__(
        cls,
        text: str,
        *,
        eval_set_id: str | None = None,
        recipient: str | None = None,
        keyed: bool = False,
    ) -> Self:
        """Take a text in any spelling of its digits; what is known about a `Canary` stays."""
        if isinstance(text, Canary):
            eval_set_id = eval_set_id or text.eval_set_id
            recipient, keyed = recipient or text.recipient, keyed or text.keyed
        self = super().__new__(cls, _spelled(text))
        self.eval_set_id = eval_set_id
        self.recipient = recipient
        self.keyed = keyed
        return self

    def __reduce__(self) -> tuple[Callable[..., Canary], tuple[object, ...]]:
        return _restored, (str(self), self.eval_set_id, self.recipient, self.keyed)

    @property
    def digits(self) -> str:
        """The 32 digits without the hyphens."""
        return self.replace("-", "")

    def commitment(self, salt: bytes | None = None) -> str:
        """Return the digest that commits to this canary, its eval set and its recipient.

        Args:
            salt: Random bytes that keep the digest from being guessed; a keyed canary needs none,
                for it is 128 random bits to everybody without the key.
        """
        claim = {
            "canary": str(self),
            "eval_set_id": self.eval_set_id,
            "recipient": self.recipient,
            "salt": None if salt is None else salt.hex(),
        }
        return digest_bytes(_COMMITMENT + canonical_bytes(claim))


def derive(eval_set_id: str, recipient: str | None, key: bytes | None) -> Canary:
    """Make the canary of an eval set, the same one at every call.

    Args:
        eval_set_id: What the eval set is called; taken in Unicode's form NFC.
        recipient: Who gets the copy; needs a key.
        key: The secret, None for a canary that anybody can work out.

    Raises:
        UsageError: An empty name, or a recipient without a key.
    """
    name = _checked(eval_set_id, "eval_set_id")
    owner = None if recipient is None else _checked(recipient, "recipient")
    if owner is not None and key is None:
        raise UsageError(
            "a recipient's canary needs a key: without one each could work out the others'",
            where="mint",
            mend="make the guard with CanaryGuard(key=secrets.token_bytes(32)) and keep the key",
        )
    message = _DOMAIN + canonical_bytes({"eval_set_id": name, "recipient": owner})
    if key is None:
        raw = hashlib.sha256(message).digest()
    else:
        raw = hmac.new(key, message, hashlib.sha256).digest()
    text = raw[:_BYTES].hex()
    return Canary(text, eval_set_id=name, recipient=owner, keyed=key is not None)


def _checked(name: object, what: str) -> str:
    if not isinstance(name, str):
        raise UsageError(f"{what} is text, not {type(name).__name__}", where="mint")
    if not name.strip() or not is_encodable(name):
        state = "is empty" if not name.strip() else "holds a lone surrogate"
        raise UsageError(f"{what} {state}", where="mint", mend="give the name that you publish")
    return unicodedata.normalize("NFC", name)


def _spelled(text: object) -> str:
    digits = _NO_DIGIT.sub("", text).lower() if isinstance(text, str) else ""
    if re.fullmatch(rf"[0-9a-f]{{{DIGITS}}}", digits) is None:
        shown = repr(text[:60]) if isinstance(text, str) else f"a {type(text).__name__}"
        raise UsageError(
            f"{shown} is no canary",
            mend=f"a canary has {DIGITS} hexadecimal digits; mint one with CanaryGuard().mint(id)",
        )
    parts, start = [], 0
    for length in _GROUPS:
        parts.append(digits[start : start + length])
        start += length
    return "-".join(parts)


def _restored(text: str, eval_set_id: str | None, recipient: str | None, keyed: bool) -> Canary:
    return Canary(text, eval_set_id=eval_set_id, recipient=recipient, keyed=keyed)
