"""A folder that does not fit its record is never shown as a healthy run."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provenir.console.alarm import raise_alarm
from provenir.console.folder import read_folder
from provenir.console.page import build
from provenir.core.digest import digest_file
from provenir.core.manifest import RunManifest
from provenir.governance.verdict import Check

pytest.importorskip("altair", reason="the charts need the extra report")
pytest.importorskip("vl_convert", reason="the charts need the extra report")

from fakes import fixed_clock
from provenir.console.report import write_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.console.page import Page

EXAMPLE = Path(__file__).parents[2] / "examples" / "small-run"


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "run"))


def page_of(folder: Path) -> Page:
    return build(read_folder(folder), now=fixed_clock().now())


def forge_score(folder: Path) -> None:
    bom = folder / "bom.json"
    bom.write_text(bom.read_text().replace("0.203125", "0.903125"))


def forge_manifest(folder: Path) -> None:
    """Make the manifest fit whatever lies in the folder."""
    (path,) = (folder / "manifests").iterdir()
    fields = RunManifest.read(path).model_dump()
    del fields["content_hash"]
    files = {name: digest_file(folder / name) for name in fields["files"]}
    RunManifest.create(**{**fields, "files": files}).write(path)


def said(page: Page) -> str:
    return " ".join(f"{note.title} {note.text}" for note in page.notices if note.tone == "critical")


def tiles(page: Page) -> dict[str, tuple[str, str]]:
    return {tile.label: (tile.value, tile.tone) for tile in page.masthead.tiles}


def test_an_untouched_run_raises_no_alarm(signed: Path) -> None:
    page = page_of(signed)
    assert page.alarm.failures == ()
    assert (page.masthead.badge.word, page.masthead.badge.tone) == ("HEALTHY", "good")
    assert not any(page.doubts.values())


def test_a_forged_score_is_told_before_anything_else(signed: Path) -> None:
    forge_score(signed)
    page = page_of(signed)
    assert (page.masthead.badge.word, page.masthead.badge.tone) == ("1 CHECK FAILED", "critical")
    assert tiles(page)["Checks"] == ("1 failed", "critical")
    assert tiles(page)["Evals"][1] == "critical"
    assert page.notices[0].title == "bom.json was changed after it was recorded."
    assert "differs from the one in the passport in: evals" in page.notices[0].text
    assert page.doubts["evals"]
    assert page.doubts["identity"]
    assert page.doubts["channels"] == ()


def test_a_bom_that_only_the_passport_gives_away(signed: Path) -> None:
    forge_score(signed)
    forge_manifest(signed)
    page = page_of(signed)
    assert "bom.json is not the one in the passport." in said(page)
    assert "passport.json does not hold." in said(page)
    assert page.doubts["evals"]
    assert tiles(page)["Checks"][0] == "2 failed"


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("steps.jsonl", "channels"),
        ("trajectories.jsonl", "rollouts"),
        ("hacking_report.json", "rollouts"),
        ("flight_recorder.json", "health"),
        ("lineage.json", "lineage"),
    ],
)
def test_each_changed_file_marks_what_was_read_from_it(
    signed: Path, name: str, section: str
) -> None:
    with (signed / name).open("a") as file:
        file.write("\n")
    page = page_of(signed)
    assert f"{name} was changed after it was recorded." in said(page)
    assert [note.tone for note in page.doubts[section]] == ["critical"]
    assert page.masthead.badge.tone == "critical"


def test_a_missing_file_is_told_once(signed: Path) -> None:
    (signed / "lineage.json").unlink()
    page = page_of(signed)
    assert said(page).count("lineage.json: not in the folder") == 1
    assert page.alarm.headlines == ("lineage.json is missing",)


@pytest.mark.parametrize("content", [b"", b"{", b"{}"])
def test_a_passport_that_cannot_be_read_is_told(signed: Path, content: bytes) -> None:
    (signed / "passport.json").write_bytes(content)
    page = page_of(signed)
    assert "passport.json does not hold." in said(page)
    assert page.masthead.badge.tone == "critical"


def test_a_passport_that_was_taken_away_leaves_a_trace(signed: Path) -> None:
    (signed / "passport.json").unlink()
    assert "passport.json: not in the folder, although passport.md is." in said(page_of(signed))


def test_a_manifest_that_does_not_hold_is_told(signed: Path) -> None:
    (path,) = (signed / "manifests").iterdir()
    path.write_text(path.read_text().replace('"seed":7', '"seed":8'))
    assert "The run's manifest does not hold." in said(page_of(signed))


def test_many_failures_are_summed_up() -> None:
    rows = [
        Check(name=f"file:{n}.bin", status="fail", reason="changed-report", detail="")
        for n in range(40)
    ]
    notices = raise_alarm([*rows, Check(name="files", status="pass")]).notices
    assert len(notices) == 7
    assert notices[-1].title == "34 more checks failed."


def test_the_written_page_and_its_title_say_it(signed: Path) -> None:
    forge_score(signed)
    written = write_page(signed)
    html = written.path.read_text()
    assert written.failures == ("bom.json was changed after it was recorded",)
    assert "demo-grpo · 1 CHECK FAILED · run report</title>" in html
    assert re.search(r'id="evals">\s*<h2>Evals</h2>\s*<div class="notice critical">', html)


def test_only_a_completed_run_is_called_healthy(make_run: Callable[..., Path]) -> None:
    folder = make_run(steps=5)
    (path,) = (folder / "manifests").iterdir()
    fields = RunManifest.read(path).model_dump()
    del fields["content_hash"]
    for state in ("failed", "interrupted"):
        RunManifest.create(**{**fields, "status": state}).write(path)
        badge = page_of(folder).masthead.badge
        assert badge.word == state.upper()
        assert badge.tone != "good"
        assert "training health until then" in badge.note
