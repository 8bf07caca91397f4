from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

import ledgers
from provenir.core.errors import EvidenceError, ProvenirError
from provenir.flows.contributions import MAX_GROUPS, OTHERS, read_contributions
from provenir.provenance.ledger.lines import parse_real
from provenir.provenance.ledger.query import LedgerQuery

if TYPE_CHECKING:
    from pathlib import Path


def by_hand(folder: Path) -> dict[tuple[str, str], float]:
    """Block and profile to the sum of weight times norm, from the files as plain JSON."""

    def lines(name: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in (folder / name).read_text().splitlines()]

    routes = json.loads((folder / "routes.json").read_text())
    profiles = [line["profile"] for line in lines("admission.jsonl")]
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for details, facts in zip(lines("details.jsonl"), lines("private/facts.jsonl"), strict=True):
        for entry, fact in zip(details["batch"], facts["facts"], strict=True):
            weights = routes["routes"][entry["route"]]
            for block, weight, norm in zip(routes["blocks"], weights, fact["norms"], strict=True):
                factored = weight * entry["factor"] // 1000
                sums[block, profiles[entry["row"]]] += factored / 1000 * parse_real(norm or "nan")
    return sums


def test_the_sums_are_those_of_the_files(tmp_path: Path) -> None:
    made = ledgers.make_ledger(tmp_path, rows=40, interventions={2: [(0, "lower", 500)]})
    (made.folder / "private/metadata.jsonl").unlink()
    found = read_contributions(made.folder)
    assert found.by == "profile"
    assert found.interventions == {"lower": 1}
    expected = by_hand(made.folder)
    names = [group.name for group in found.groups]
    assert all(found.measured)
    assert "embedding" not in found.blocks  # nothing in it is trained
    for block, line in zip(found.blocks, found.amounts, strict=True):
        for name, amount in zip(names, line, strict=True):
            wanted = expected.get((block, name), 0.0)
            assert (amount or 0.0) == pytest.approx(wanted, rel=1e-12)
    for line in found.shares():
        assert sum(one or 0.0 for one in line) == pytest.approx(1.0)


def test_groups_are_sources_and_the_many_small_ones_stand_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = tuple({"rights": "open", "source": f"source {at}"} for at in range(12))
    monkeypatch.setattr(ledgers, "KINDS", kinds)
    found = read_contributions(ledgers.make_ledger(tmp_path, rows=48).folder)
    assert found.by == "source"
    assert len(found.groups) == MAX_GROUPS
    assert found.groups[-1].name == OTHERS
    assert sum(group.rows for group in found.groups) == 48


def test_without_norms_it_counts_by_weight(tmp_path: Path) -> None:
    found = read_contributions(ledgers.make_ledger(tmp_path, norms=False).folder)
    assert not any(found.measured)
    assert any(amount for line in found.amounts for amount in line)


def test_a_group_without_weight_in_a_block_has_no_share_there(tmp_path: Path) -> None:
    made = ledgers.make_ledger(tmp_path, rows=60)
    denied = read_contributions(made.folder)
    assert any(amount is None for line in denied.amounts for amount in line)


def test_skipped_steps_contribute_nothing(tmp_path: Path) -> None:
    found = read_contributions(ledgers.make_ledger(tmp_path, skipped={1: "gradient-spike"}).folder)
    assert found.skipped == {"gradient-spike": 1}


@pytest.mark.parametrize(
    "name", ["routes.json", "admission.jsonl", "ledger.jsonl", "details.jsonl"]
)
def test_a_file_that_is_missing_or_broken_is_an_error(tmp_path: Path, name: str) -> None:
    folder = ledgers.make_ledger(tmp_path).folder
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(b"{" + whole[: len(whole) // 2])
    with pytest.raises(ProvenirError):
        read_contributions(folder)
    (folder / name).unlink()
    with pytest.raises(ProvenirError):
        read_contributions(folder)


def test_a_row_without_a_decision_is_an_error(tmp_path: Path) -> None:
    folder = ledgers.make_ledger(tmp_path).folder
    lines = (folder / "admission.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "admission.jsonl").write_bytes(lines[0])
    with pytest.raises(EvidenceError, match="not the admission"):
        read_contributions(folder)


def test_the_page_sums_what_a_query_ranks_by(tmp_path: Path) -> None:
    made = ledgers.make_ledger(
        tmp_path / "governed", rows=50, epochs=3, skipped={2: "gradient-spike"}, repeated=4
    )
    found = read_contributions(made.folder)
    with LedgerQuery(made.folder, cache=tmp_path / "index") as asked:
        for block, amounts in zip(found.blocks, found.amounts, strict=True):
            ranked = [row.contribution for row in asked.ranking(block).rows]
            shown = [amount for amount in amounts if amount is not None]
            assert sum(shown) == pytest.approx(sum(ranked), rel=1e-12)


def test_routes_that_the_header_does_not_bind_are_an_error(tmp_path: Path) -> None:
    folder = ledgers.make_ledger(tmp_path).folder
    path = folder / "routes.json"
    path.write_bytes(path.read_bytes().replace(b"1000", b"999"))
    with pytest.raises(EvidenceError, match="header binds"):
        read_contributions(folder)
