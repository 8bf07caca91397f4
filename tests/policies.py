"""Trust policies as text, for the tests of every room: what a test does not state has a default."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from provenir.attest.trust_policy import TrustPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def spki(key: Any) -> str:
    """The field `public` of a signer or a public key."""
    return base64.b64encode(getattr(key, "verification_key", key).material).decode("ascii")


def key_table(key: Any, *roles: str, **fields: Any) -> str:
    """One `[[keys]]` table; `fields` go in as they stand, None leaves one out."""
    mine = {"id": "key", "alg": key.algorithm, "public": spki(key), "roles": list(roles)}
    values = {**mine, **fields}
    lines = [f"{name} = {_toml(value)}" for name, value in values.items() if value is not None]
    return "\n".join(("[[keys]]", *lines, ""))


def policy_text(
    keys: Iterable[str],
    *,
    name: str = "acme",
    version: Any = 1,
    require: Mapping[str, Any] | None = None,
    thresholds: Mapping[str, Any] | None = None,
    more: str = "",
) -> bytes:
    """A whole policy."""
    head = f'schema = "trust-policy/1"\nname = {_toml(name)}\nversion = {_toml(version)}\n'
    tables = [_table("require", require), _table("thresholds", thresholds), more]
    return "\n".join((head, *tables, *keys)).encode("utf-8")


def policy(*keys: str, **fields: Any) -> TrustPolicy:
    """The policy of some key tables, read."""
    return TrustPolicy.parse(policy_text(keys, **fields), where="trust.toml")


def _table(name: str, values: Mapping[str, Any] | None) -> str:
    lines = [f"{key} = {_toml(value)}" for key, value in (values or {}).items()]
    return "\n".join((f"[{name}]", *lines, "")) if lines else ""


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # texts, lists, numbers, booleans: as in JSON
