"""A model card for the Hugging Face Hub: YAML front matter with a `model-index`, then the passport.

Every text in the front matter is a double-quoted YAML scalar after invisible and control characters
were made visible, so that nothing in a name can end it or begin another key. The body is the page
that `provenir passport show` prints. A name becomes a link on the Hub only where it has the form of
a repository there; any other name stays text.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from provenir.core.text import printable
from provenir.governance.markdown import passport_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.governance.exports.source import ExportSource

__all__ = ["hf_card"]

# OWNER/NAME with the characters that the Hub allows; a name without an owner could be anyone's.
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_MAX_CHARS: Final = 200


def hf_card(source: ExportSource) -> bytes:
    """Write the README.md of a passport."""
    card = "\n".join(["---", *_yaml(_front_matter(source)), "---", ""])
    return (card + "\n" + passport_markdown(source.envelope)).encode()


def _front_matter(source: ExportSource) -> dict[str, Any]:
    bom = source.bom
    front: dict[str, Any] = {"tags": ["model-passport", "provenir"]}
    if _REPOSITORY.fullmatch(bom.base_model):
        front["base_model"] = bom.base_model
    linked = [part.name for part in bom.data if part.role == "train"]
    linked = [name for name in dict.fromkeys(linked) if _REPOSITORY.fullmatch(name)]
    if linked:
        front["datasets"] = linked
    # What kind of number a score is the passport does not say.
    results = [
        {
            "task": {"type": "other"},
            "dataset": {"name": part.benchmark, "type": part.benchmark},
            "metrics": [{"type": "score", "name": "score", "value": part.score}],
        }
        for part in bom.evals
        if part.score is not None
    ]
    if results:
        front["model-index"] = [{"name": bom.model_id, "results": results}]
    return front


def _yaml(value: dict[str, Any], indent: str = "") -> Iterator[str]:
    """Lines of a mapping whose keys are ours, in YAML's block style."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield f"{indent}{key}:"
            yield from _yaml(item, indent + "  ")
        elif isinstance(item, list):
            yield f"{indent}{key}:"
            for entry in item:
                yield from _item(entry, indent)
        else:
            yield f"{indent}{key}: {_scalar(item)}"


def _item(entry: Any, indent: str) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{indent}- {_scalar(entry)}"
        return
    first, *rest = _yaml(entry, indent + "  ")
    yield f"{indent}- {first.lstrip()}"
    yield from rest


def _scalar(value: Any) -> str:
    """A number, or text as a double-quoted scalar (YAML 1.2 section 7.3.1).

    JSON's escapes are YAML's; what JSON would write as a surrogate pair stays the character itself.
    """
    if isinstance(value, str):
        return json.dumps(printable(value, max_chars=_MAX_CHARS), ensure_ascii=False)
    digits, exponent, power = json.dumps(value, allow_nan=False).partition("e")
    # YAML 1.1 reads a number with an exponent and no point as text.
    return digits + ("" if not exponent or "." in digits else ".0") + exponent + power
