"""Eval items: the records of an eval set, cut into segments by what each field is for.

The role of a text follows from the innermost field name on its path that says something
(``choices.text[0]`` is one of the options, ``answers.text[0]`` an answer), in a conversation from
its speaker. Names that only identify or sort a record are left out while they hold few words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.core.canonical import example_digest
from provenir.core.digest import format_digest
from provenir.core.errors import CanonicalizationError, InputError, UsageError
from provenir.data.overlap.fields import FieldText, field_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["ROLES", "EvalItem", "Segment", "eval_item", "role_of"]

ROLES: Final = ("question", "answer", "passage", "options", "text")
"""What a segment can be; its number in the index is its place here."""

_NAMES: Final = {
    "question": "question query problem instruction prompt input goal stem task user human "
    "question_stem problem_statement sentence sentence1 sentence2 hypothesis premise ctx",
    "answer": "answer answers response responses completion output outputs solution solutions "
    "canonical_solution target targets label_text reference references gold rationale explanation "
    "chosen best_answer correct_answer correct_answers reasoning cot assistant gpt model reply",
    "passage": "passage passages context contexts article document documents story background "
    "paragraph paragraphs evidence abstract",
    "options": "options option choices choice endings ending candidates incorrect_answers a b c d "
    "e opa opb opc opd distractors mc1_targets mc2_targets sol1 sol2 option1 option2",
    "meta": "id ids uid uuid guid idx index ind hash url uri link split subset category subject "
    "topic level difficulty type dataset licence license author date created language lang label "
    "labels entry_point source source_id task_id question_id answer_start name title version tags "
    "tag key answer_key answerkey correct gold_index",
}
_ROLE_OF_NAME: Final = {name: role for role, names in _NAMES.items() for name in names.split()}
_STEP: Final = re.compile(r"[^.\[\]]+")
_META_WORDS: Final = 12
"""A field of such a name that holds more words is a text all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of an eval item.

    Attributes:
        role: One of `ROLES`.
        field: The path of the field that holds it.
        text: The text as the eval set has it.
    """

    role: str
    field: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalItem:
    """A record of an eval set.

    Attributes:
        eval_set: Name of the set.
        index: Number of the record in the set, from 0.
        digest: Digest of the record (leaf rule 1, `core.leaf`).
        segments: Its texts in the record's order.
    """

    eval_set: str
    index: int
    digest: str
    segments: tuple[Segment, ...]

    @property
    def name(self) -> str:
        """The item's place as people write it, such as ``gsm8k[12]``."""
        return f"{self.eval_set}[{self.index}]"


def eval_item(
    eval_set: str, index: int, row: Mapping[str, Any], fields: Collection[str] | None = None
) -> EvalItem:
    """Read an item.

    Args:
        eval_set: Name of the set.
        index: Number of the record in the set, from 0.
        row: The record.
        fields: Top-level names or paths that are the item; None for all that hold text.

    Raises:
        InputError: The record is no object, or has no digest.
        UsageError: None of `fields` is in the record.
    """
    where = f"{eval_set}[{index}]"
    if not isinstance(row, dict):
        raise InputError(f"an eval record is an object, this is {type(row).__name__}", where=where)
    texts = field_texts(row, fields)
    if fields is not None and not texts:
        raise UsageError(
            f"the record has no text in {', '.join(sorted(fields))}",
            where=where,
            mend=f"its fields are {', '.join(map(str, row))}",
        )
    try:
        digest = format_digest(example_digest(row))
    except CanonicalizationError as error:
        raise InputError(error.what, where=where, mend=error.mend) from error
    return EvalItem(
        eval_set=eval_set, index=index, digest=digest, segments=tuple(_segments(texts, fields))
    )


def _segments(texts: list[FieldText], fields: Collection[str] | None) -> Iterator[Segment]:
    for entry in texts:
        role = role_of(entry.path, entry.speaker)
        if role == "meta":
            if fields is None and len(entry.text.split()) <= _META_WORDS:
                continue
            role = "text"
        if entry.text.strip():
            yield Segment(role=role, field=entry.path, text=entry.text)


@functools.lru_cache(maxsize=1 << 12)
def role_of(path: str, speaker: str = "") -> str:
    """Return the role of a text by its path: one of `ROLES`, or ``meta``.

    Args:
        path: The path, as `field_texts` writes it.
        speaker: Who says it, where it is a message.
    """
    for step in reversed(_STEP.findall(path)):
        name = step.lower()
        if speaker and name in ("role", "from"):
            return "meta"
        if speaker and name in ("content", "value"):
            return _ROLE_OF_NAME.get(speaker, "text")
        role = _ROLE_OF_NAME.get(name)
        if role is not None:
            return role
        if name.endswith(("_id", "_url", "_hash")):
            return "meta"
    return "text"
