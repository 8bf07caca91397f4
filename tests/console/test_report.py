from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("altair", reason="the charts need the extra report")
pytest.importorskip("vl_convert", reason="the charts need the extra report")

import provenir
from fakes import fixed_clock
from provenir.attest.keys import Ed25519Signer
from provenir.console import render
from provenir.console.folder import read_folder
from provenir.core.errors import InputError
from provenir.tracking.recover import recover_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECTIONS = [
    "health",
    "channels",
    "rollouts",
    "evals",
    "checked",
    "not-checked",
    "passport",
    "lineage",
    "identity",
    "files",
]


def words(page: Path) -> str:
    """Return the page's visible text, without drawings."""
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page.read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", text.replace("&#39;", "'"))


def test_a_whole_run(make_run: Callable[..., Path]) -> None:
    page = render(make_run(), clock=fixed_clock())
    text = words(page)
    html = page.read_text()
    assert page.name == "report.html"
    assert all(f'id="{section}"' in html for section in SECTIONS)
    for part in (
        "sample",
        "completed",
        "kl_blowup",
        "nonfinite",
        "proxy_divergence",
        "gsm8k",
        "my/own",
        "watched by no detector",
        "as recorded",
        "Written 2026-01-02 03:04:05 UTC",
    ):
        assert part in text, part
    assert html.count("<figure>") == 4
    assert page.stat().st_size < 500_000


def test_the_verdict_stands_in_title_and_head(make_run: Callable[..., Path]) -> None:
    html = render(make_run()).read_text()
    (verdict,) = re.findall(r'class="word">(\w+)<', html)
    assert verdict in {"DEGRADED", "CRITICAL"}
    assert f"sample · {verdict} · run report</title>" in html


def test_it_is_written_where_asked_and_the_folder_stays(
    make_run: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_run()
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    out = tmp_path / "elsewhere.html"
    assert render(folder, out) == out
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_artifacts_are_named_with_their_digests(tmp_path: Path) -> None:
    model = tmp_path / "my-model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    with provenir.track("sample", output_dir=tmp_path / "run") as run:
        run.log_artifact(model)
    assert run.bom is not None
    text = words(render(tmp_path / "run"))
    assert f"my-model model 1 0 no tensors dirHash1:{run.bom.artifacts[0].dir_hash}" in text


def test_an_unsigned_run_says_so(make_run: Callable[..., Path]) -> None:
    text = words(render(make_run()))
    assert "This run is not signed." in text
    assert "unknown_data" in text


@pytest.mark.parametrize("hmac", [True, False])
def test_a_signed_run_is_never_called_verified(
    make_run: Callable[..., Path], tmp_path: Path, hmac: bool
) -> None:
    key = b"team-signing-key" if hmac else Ed25519Signer.generate()
    text = words(render(make_run(sign_passport=True, signing_key=key)))
    assert "not verified" in text
    assert not re.search(r"(?<!not )verified", text.replace("Passport not verified", ""))
    assert "Assurance claimed L0" in text
    assert "Assurance established none" in text
    assert "The signature was not checked here." in text
    assert ("whoever can verify it can forge it" in text) is hmac
    assert ("hmac-sha256:default" if hmac else key.keyid) in text


def test_the_command_that_verifies_can_be_run_as_it_stands(tmp_path: Path) -> None:
    model = tmp_path / "my model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    signer, folder = Ed25519Signer.generate(), tmp_path / "the run"
    signer.write(tmp_path / "team")
    with provenir.track("s", output_dir=folder, sign_passport=True, signing_key=signer) as run:
        run.log_step({"kl": 0.1})
        run.log_artifact(model)
    shutil.copytree(model, folder / "my model")
    text = words(render(folder))
    (line,) = re.findall(r"provenir (passport verify .*?my model'(?= ))", text)
    told = shlex.split(line.replace("FILE", shlex.quote(str(tmp_path / "team.pub.pem"))))
    assert {str(folder / "passport.json"), str(folder), str(folder / "my model")} <= set(told)
    done = subprocess.run(
        [sys.executable, "-m", "provenir", *told], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_changed_and_missing_files_are_named(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    with (folder / "steps.jsonl").open("ab") as steps:
        steps.write(b'{"step": 99, "metrics": {"kl": 1}}\n')
    (folder / "lineage.json").unlink()
    html = render(folder).read_text()
    assert re.search(r"steps\.jsonl</code>.*?critical\">changed<", html, re.DOTALL)
    assert re.search(r"lineage\.json</code>.*?critical\">missing<", html, re.DOTALL)
    assert "lineage.json: not in the folder" in words(folder / "report.html")


def test_a_run_that_goes_on(running: Path) -> None:
    text = words(render(running))
    assert "This run is still going." in text
    assert "computed for this page from the logged steps" in text
    assert "30 recorded steps" in text
    assert "Worst rollouts 30 rollouts logged" in text
    assert "my rows train 2" in text


def test_a_torn_run_that_died(make_run: Callable[..., Path]) -> None:
    folder = make_run()
    for name in ("flight_recorder.json", "hacking_report.json", "lineage.json", "bom.json"):
        (folder / name).unlink()
    (manifest,) = (folder / "manifests").iterdir()
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**fields, "status": "running", "files": {}, "ended_at": None}))
    with (folder / "steps.jsonl").open("ab") as steps:
        steps.write(b'{"step": 60, "met')
    text = words(render(folder))
    assert "never closed it" in text
    assert f"provenir run recover {folder}" in text
    assert "1 line could not be read" in text
    assert "kl_blowup" in text


def test_an_empty_run(make_run: Callable[..., Path]) -> None:
    text = words(render(make_run(steps=0)))
    assert "UNKNOWN" in text
    assert "No step was recorded" in text
    assert "No rollout is kept" in text


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"a":1,"a":2}', b"null"])
def test_documents_that_cannot_be_read(make_run: Callable[..., Path], content: bytes) -> None:
    folder = make_run(steps=5, sign_passport=True, signing_key=b"secret")
    for path in folder.glob("*.json"):
        path.write_bytes(content)
    text = words(render(folder))
    assert "flight_recorder.json: cannot be read" in text
    assert "The passport cannot be read." in text


def test_an_unreadable_manifest(make_run: Callable[..., Path]) -> None:
    folder = make_run(steps=5)
    (manifest,) = (folder / "manifests").iterdir()
    manifest.write_text("{")
    text = words(render(folder))
    assert "No readable manifest." in text
    assert "no run id" in text


def test_no_run_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        render(tmp_path)
    with pytest.raises(InputError):
        render(tmp_path / "missing")


def test_long_runs_keep_their_spikes(make_run: Callable[..., Path]) -> None:
    folder = make_run(steps=3)
    course = [[i, i, 0.1, 0.1, 0.1] for i in range(2_000)]
    course[777] = [777, 777, 0.1, 9_999.0, 0.1]
    recorder = json.loads((folder / "flight_recorder.json").read_text())
    recorder["series"] = {"kl": course}
    (folder / "flight_recorder.json").write_text(json.dumps(recorder))
    html = render(folder).read_text()
    assert "highest 9,999" in html
    assert "lowest to highest" in html


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium to open the page with")
    return found


def dumped_dom(program: str, page: Path, profile: Path) -> str:
    flags: list[Any] = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    done = subprocess.run(
        [program, *flags, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        capture_output=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"chromium does not start here: {done.stderr[-200:]!r}")
    return done.stdout.decode()


def test_a_browser_shows_every_section(make_run: Callable[..., Path], tmp_path: Path) -> None:
    page = render(make_run("</title><script>document.title='owned'</script>", steps=12))
    dom = dumped_dom(chromium(), page, tmp_path / "profile")
    assert all(f'<section id="{section}">' in dom for section in SECTIONS)
    assert "<script" not in dom
    assert re.search(r"<title>&lt;/title&gt;&lt;script", dom)


@pytest.mark.parametrize("mode", ["all", "sampled", "redacted", "off"])
def test_the_page_of_a_dead_run_says_what_its_recovery_will(tmp_path: Path, mode: str) -> None:
    folder = tmp_path / "artifacts" / "run"
    if (child := os.fork()) == 0:
        run = provenir.track("killed", output_dir=folder, trajectories=mode).start()
        for step in range(25):
            run.log_step({"kl": 0.1})
            run.log_trajectory({"prediction": str(step), "reward": 1.0, "true_reward": step % 2})
        os._exit(9)
    os.waitpid(child, 0)
    shown = read_folder(folder)
    assert shown.rebuilt == ("flight_recorder.json", "hacking_report.json")
    recover_run(folder)
    for said, name in zip((shown.recorder, shown.hacking), shown.rebuilt, strict=True):
        stored = json.loads((folder / name).read_text())
        assert {**said, "schema_version": stored["schema_version"]} == stored
    assert shown.hacking["is_clean"] is False
