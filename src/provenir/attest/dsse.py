"""DSSE envelopes: one payload, its type, and who signed exactly these bytes (DSSE 1.0).

Rules of this reader:

1. What is signed is `PAE(type, payload)`, over the payload as received; nothing is re-encoded
   before it is checked.
2. Key ids and everything else outside the PAE are unauthenticated. A key id orders the tries and
   decides nothing.
3. The algorithm is that of the verifier's key. An envelope cannot choose it.
4. A key counts once however often it signed, and a signature counts for one key.
5. An envelope has one reading: canonical base64, no duplicate keys, no fields but the four known.
   The last is stricter than DSSE, which lets a consumer ignore foreign fields: in a file that
   people open, unsigned text next to a signature is an invitation to believe it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.attest import base64_strict
from provenir.attest.keys import VerificationKey
from provenir.core.canonical import canonical_bytes
from provenir.core.errors import InputError, UsageError
from provenir.core.files import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.attest.keys import Signer

__all__ = [
    "MAX_ENVELOPE_BYTES",
    "MAX_SIGNATURES",
    "PAYLOAD_TYPE",
    "Envelope",
    "Signature",
    "pae",
]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
MAX_ENVELOPE_BYTES: Final = 32 * 1024 * 1024
MAX_SIGNATURES: Final = 32

_MAX_TYPE_BYTES = 256
_MAX_KEYID_BYTES = 256
_MAX_SIGNATURE_BYTES = 8192
_MAX_DEPTH = 4
_GIVE = "give a DSSE envelope, such as the passport.json of a run"
# All that an envelope may hold, with commas in every key id, is below this.
_MAX_ITEMS = 10_000


def pae(payload_type: str, payload: bytes) -> bytes:
    """Encode what is signed: DSSE protocol 1.0, "Signature Definition".

    Both parts are preceded by their length in bytes, so that no payload can pass for another type.

    Args:
        payload_type: How the payload is to be read, for example `PAYLOAD_TYPE`.
        payload: The exact bytes.

    Raises:
        UsageError: The type is not text that UTF-8 can spell, or the payload is not bytes.
    """
    kind = _utf8(payload_type, "payload type")
    body = _bytes(payload, "payload")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope.

    Attributes:
        keyid: The signer's hint; empty when there is none. Unauthenticated.
        sig: The signature itself.

    Raises:
        UsageError: A part is of the wrong type or beyond its bound.
    """

    keyid: str
    sig: bytes

    def __post_init__(self) -> None:
        if len(_utf8(self.keyid, "key id")) > _MAX_KEYID_BYTES:
            raise UsageError(f"a key id beyond {_MAX_KEYID_BYTES} bytes")
        if not 0 < len(_bytes(self.sig, "signature")) <= _MAX_SIGNATURE_BYTES:
            raise UsageError(f"a signature has 1 to {_MAX_SIGNATURE_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its type and signatures. Holding one says nothing: ask `verified_by`.

    Attributes:
        payload: The signed bytes as received.
        payload_type: Their type, part of what is signed.
        signatures: In the order of the file.

    Raises:
        UsageError: A part is of the wrong type or beyond its bound.
    """

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "signatures", tuple(self.signatures))
        _bytes(self.payload, "payload")
        if not 0 < len(_utf8(self.payload_type, "payload type")) <= _MAX_TYPE_BYTES:
            raise UsageError(f"a payload type has 1 to {_MAX_TYPE_BYTES} bytes")
        if len(self.signatures) > MAX_SIGNATURES:
            raise UsageError(f"more than {MAX_SIGNATURES} signatures")

    @classmethod
    def sign(
        cls, payload: bytes, signers: Sequence[Signer], *, payload_type: str = PAYLOAD_TYPE
    ) -> Envelope:
        """Sign a payload with every signer.

        Args:
            payload: The exact bytes.
            signers: At least one; each key id once.
            payload_type: How the payload is to be read.

        Raises:
            UsageError: No signer, or two with one key id.
        """
        keyids = [signer.keyid for signer in signers]
        if not keyids:
            raise UsageError("nobody to sign", mend="give at least one signer")
        if len(set(keyids)) < len(keyids):
            raise UsageError("two signers with one key id", mend="give each HMAC key its key_id")
        message = pae(payload_type, payload)
        made = tuple(Signature(signer.keyid, signer.sign(message)) for signer in signers)
        return cls(payload, payload_type, made)

    def signed_bytes(self) -> bytes:
        """The bytes under every signature: the PAE of this payload and type."""
        return pae(self.payload_type, self.payload)

    def verified_by(self, keys: Iterable[VerificationKey]) -> tuple[VerificationKey, ...]:
        """Say which of the given keys signed this payload.

        Args:
            keys: The keys that the caller trusts; the algorithm is each key's own.

        Returns:
            The keys that hold a valid signature, in the order given, each key material once and
            no signature for two keys. Empty when nobody signed: no content raises.

        Raises:
            UsageError: Something that is no verification key was given.
        """
        distinct: dict[tuple[str, bytes], VerificationKey] = {}
        for key in keys:
            if not isinstance(key, VerificationKey):
                raise UsageError(
                    f"a verification key is needed, not {type(key).__name__}",
                    mend="give PublicKey.from_pem(path) or HmacKey(secret)",
                )
            distinct.setdefault((key.algorithm, key.material), key)
        message = self.signed_bytes()
        found: set[tuple[str, bytes]] = set()
        for signature in self.signatures:
            waiting = [identity for identity in distinct if identity not in found]
            waiting.sort(key=lambda identity: distinct[identity].keyid != signature.keyid)
            for identity in waiting:
                if distinct[identity].verify(message, signature.sig):
                    found.add(identity)
                    break
        return tuple(key for identity, key in distinct.items() if identity in found)

    def to_bytes(self) -> bytes:
        """Spell the envelope as canonical JSON (RFC 8785); `parse` reads back an equal value."""
        return canonical_bytes(
            {
                "payload": base64_strict.encode(self.payload),
                "payloadType": self.payload_type,
                "signatures": [
                    {"keyid": s.keyid, "sig": base64_strict.encode(s.sig)} for s in self.signatures
                ],
            }
        )

    @classmethod
    def parse(cls, data: bytes, *, where: str | None = None) -> Envelope:
        """Read an envelope from bytes of unknown origin.

        Args:
            data: At most `MAX_ENVELOPE_BYTES` of JSON.
            where: Where they come from, for messages.

        Raises:
            InputError: This is no envelope, or one with two readings (see the module's rules).
        """
        place = where or "envelope"
        if len(data) > MAX_ENVELOPE_BYTES:
            raise InputError(
                f"an envelope beyond {MAX_ENVELOPE_BYTES} bytes", where=place, mend=_GIVE
            )
        document = parse_json(data, where=place, max_depth=_MAX_DEPTH, max_items=_MAX_ITEMS)
        _fields(document, {"payload", "payloadType", "signatures"}, set(), place)
        listed = document["signatures"]
        if not isinstance(listed, list) or len(listed) > MAX_SIGNATURES:
            raise InputError(f"signatures: a list of at most {MAX_SIGNATURES}", where=place)
        payload_type = _text(document["payloadType"], "payloadType", place)
        payload = _decoded(document["payload"], "payload", place)
        signatures = tuple(
            _signature(item, f"signatures[{index}]", place) for index, item in enumerate(listed)
        )
        try:
            return cls(payload, payload_type, signatures)
        except UsageError as fault:
            raise InputError(fault.what, where=place) from fault


def _signature(item: Any, name: str, place: str) -> Signature:
    """Read one element of `signatures`."""
    _fields(item, {"sig"}, {"keyid"}, f"{place} {name}")
    keyid = _text(item.get("keyid", ""), f"{name}.keyid", place)
    sig = _decoded(item["sig"], f"{name}.sig", place)
    try:
        return Signature(keyid, sig)
    except UsageError as fault:
        raise InputError(fault.what, where=f"{place} {name}") from fault


def _fields(value: Any, required: set[str], optional: set[str], place: str) -> None:
    """Refuse what is no object, or an object with missing or foreign fields."""
    if not isinstance(value, dict):
        raise InputError("a JSON object is expected", where=place, mend=_GIVE)
    missing = sorted(required - value.keys())
    if missing:
        raise InputError(f"missing {', '.join(missing)}", where=place, mend=_GIVE)
    foreign = value.keys() - required - optional
    if foreign:
        raise InputError(
            f"{len(foreign)} unsigned field(s) of no known meaning",
            where=place,
            mend="read the copy that was signed; nothing may be added beside the signatures",
        )


def _text(value: Any, name: str, place: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name} is text", where=place)
    return value


def _decoded(value: Any, name: str, place: str) -> bytes:
    return base64_strict.decode(_text(value, name, place), where=f"{place} {name}")


def _bytes(data: object, name: str) -> bytes:
    if not isinstance(data, bytes):
        raise UsageError(f"a {name} is bytes, not {type(data).__name__}")
    return data


def _utf8(text: object, name: str) -> bytes:
    """Spell text in UTF-8, refusing what is no text or holds lone surrogates."""
    if not isinstance(text, str):
        raise UsageError(f"a {name} is text, not {type(text).__name__}")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as fault:
        raise UsageError(f"a {name} with lone surrogates") from fault
