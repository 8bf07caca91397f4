from __future__ import annotations

from typing import TYPE_CHECKING

import ledgers
from provenir.console.contribution_drawing import draw_contributions
from provenir.console.governed_section import read_governed

if TYPE_CHECKING:
    from pathlib import Path


def test_a_run_without_a_ledger_has_no_section(tmp_path: Path) -> None:
    assert read_governed(tmp_path) is None


def test_it_says_who_was_admitted_and_what_moved(tmp_path: Path) -> None:
    ledgers.make_ledger(tmp_path / "governed", rows=30, interventions={1: [(0, "exclude", None)]})
    found = read_governed(tmp_path)
    assert found is not None
    assert "of 30 rows were admitted" in found.lead
    assert "1 × exclude" in found.lead
    assert found.picture is not None
    assert len(found.groups.rows) == 2
    assert [row[0].text for row in found.blocks.rows] == list(ledgers.BLOCKS[1:])


def test_a_ledger_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    made = ledgers.make_ledger(tmp_path / "governed")
    ledger = made.folder / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"batch"', b'"batsh"', 1))
    found = read_governed(tmp_path)
    assert found is not None
    assert found.notices[0].tone == "critical"
    assert found.picture is None


def test_without_private_files_it_says_what_it_groups_by(tmp_path: Path) -> None:
    made = ledgers.make_ledger(tmp_path / "governed", norms=False)
    (made.folder / "private/rows.jsonl").unlink()
    found = read_governed(tmp_path)
    assert found is not None
    said = " ".join(notice.title for notice in found.notices)
    assert "by depth profile" in said
    assert "by weight alone" in said


def test_the_drawing_holds_hostile_names_as_text() -> None:
    picture = draw_contributions(["<script>"], ["\u202e&evil"], [[0.5]])
    assert picture is not None
    assert "1 group" in picture.alt
    assert draw_contributions([], ["a"], []) is None


def test_the_drawing_names_the_groups_that_moved_nothing() -> None:
    picture = draw_contributions(["layer.0"], ["open", "denied"], [[1.0, None]])
    assert picture is not None
    assert "nothing came from denied" in picture.alt
