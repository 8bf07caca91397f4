"""Single rows of a report, scanned again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.textless import holds_text
from provenir.eval.contamination.examining import Found
from provenir.eval.contamination.hit_making import made_hits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.data.overlap.hits import RawHit
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.document import ContaminationReportDocument, HitPart
    from provenir.eval.contamination.picking import Picked, PickedRow
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["RowJudge"]

_EQUAL: Final = 1e-6
_NEARLY: Final = 1e-3
"""How far scores may be apart: those of an embedder depend on the machine."""
_EXCERPTS: Final = ("train_excerpt", "eval_excerpt")


class RowJudge:
    """Holds a report against rows.

    Args:
        report: The report.
        scanner: What compares, made of the report's eval sets.
        config: The report's settings.
        picked: The rows.
    """

    def __init__(
        self,
        report: ContaminationReportDocument,
        scanner: Scanner,
        config: ContaminationConfig,
        picked: Picked,
    ) -> None:
        self._report = report
        self._scanner = scanner
        self._config = config
        self._rows = picked.found
        self._numbers = {(i.eval_set, i.index): n for n, i in enumerate(scanner.items)}
        self._near = _NEARLY if config.method == "embedding" else _EQUAL

    def hit_faults(self, number: int) -> Iterator[str]:
        """Say what of a hit is not so.

        Args:
            number: Which of the report's hits.
        """
        hit = self._report.hits[number]
        name = f"{hit.eval_set}[{hit.eval_index}]"
        row = self._rows.get(hit.train_index)
        where = self._where(hit.train_index)
        item = self._numbers.get((hit.eval_set, hit.eval_index))
        if row is None or row.value is None or row.block is None or item is None:
            what = f"there is no item {name}" if item is None else f"{where} holds no row"
            yield what
            return
        found = next(
            (raw for raw in self._scan(row) if item in self._scanner.twins(raw.item)), None
        )
        if found is None:
            yield f"{where} does not hold {name}"
            return
        texts = {text.path: text.text for text in field_texts(row.value, self._config.fields)}
        (again,) = made_hits(
            [self._scanner.items[item]],
            hit.train_index,
            row.place,
            Found(hit=found, line=None, digest=row.place.digest, texts=texts),
            self._config.method,
        )
        faults = self._differences(hit, again.to_dict())
        yield from (f"{where}, {name}: {fault}" for fault in faults)

    def unkept_faults(self, row: int) -> Iterator[str]:
        """Say whether a row that is called contaminated holds nothing."""
        picked = self._rows.get(row)
        if picked is None or all(raw.score.severity == "info" for raw in self._scan(picked)):
            yield f"{self._where(row)} is called contaminated and holds no item"

    def skip_faults(self, row: int) -> Iterator[str]:
        """Say whether a row that is called skipped has something to examine."""
        picked = self._rows.get(row)
        if picked is None or picked.value is None:
            return
        silent = picked.ambiguous or not holds_text(picked.value, self._config.fields)
        if self._scan(picked) or not silent:
            yield f"{self._where(row)} is called skipped and can be examined"

    def other_faults(self, rows: list[int]) -> tuple[list[str], list[str]]:
        """Say which rows hold an item though the report does not name them.

        Returns:
            What is wrong; and what cannot be told from a row alone.
        """
        faults, undecided = [], []
        for row in rows:
            picked = self._rows.get(row)
            if picked is None or picked.value is None:
                faults.append(f"{self._where(row)} cannot be read and is not called skipped")
                continue
            slow = [raw for raw in self._slowly(picked) if raw.score.severity != "info"]
            if not slow:
                continue
            item = self._scanner.items[slow[0].item]
            said = f"{self._where(row)} holds {item.name} ({slow[0].score.value:.0%})"
            fast = any(raw.score.severity != "info" for raw in self._scan(picked))
            if not fast:
                faults.append(f"{said}, which the scan does not find")
            elif self._report.examined.get("set_aside"):
                undecided.append(f"{said}; it may be among those set aside as boilerplate")
            else:
                faults.append(f"{said}, and the report leaves it out")
        return faults, undecided

    def _scan(self, row: PickedRow) -> tuple[RawHit, ...]:
        return () if row.block is None else self._scanner.scan(row.block).hits

    def _slowly(self, row: PickedRow) -> tuple[RawHit, ...]:
        slowly = getattr(self._scanner, "scan_slowly", None)
        found: tuple[RawHit, ...] = slowly(row.value) if slowly else self._scan(row)
        return found

    def _differences(self, hit: HitPart, again: dict[str, Any]) -> Iterator[str]:
        stated = hit.model_dump(mode="json")
        for name, value in stated.items():
            if name in _EXCERPTS and value is None:
                continue  # a hit that was not among the worst when it was found
            if name == "score" and math.isclose(value, again[name], abs_tol=self._near):
                continue
            if value != again[name]:
                yield f"{name} is {_short(again[name])}, the report has {_short(value)}"

    def _where(self, row: int) -> str:
        picked = self._rows.get(row)
        if picked is not None and picked.place.line is not None:
            return f"{picked.place.file}:{picked.place.line}"
        return f"row {row}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
