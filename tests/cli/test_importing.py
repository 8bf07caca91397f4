"""`provenir run import` from the terminal's side."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def log(place):
    rows = [{"step": n, "kl": 0.1, "grad_norm": 1.0 if n < 25 else 90.0} for n in range(30)]
    path = place / "metrics.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_an_import_prints_the_verdict_and_can_be_shown_and_drawn(call, log):
    code, out, err = call("run", "import", log, "--out", "run", "--name", "mine")
    assert code == 0
    assert "CRITICAL" in out
    assert "grad_explosion" in out
    assert err.count("imported_log") == 1
    code, out, err = call("run", "show", "run")
    assert (code, "mine" in out, "imported" in err) == (0, True, True)
    assert call("run", "verify", "run")[0] == 0
    pytest.importorskip("altair", reason="the charts of the page need the extra report")
    assert call("report", "run")[0] == 0


def test_an_import_speaks_json(call, log):
    code, out, _ = call("run", "import", log, "--out", "run", "--json")
    told = json.loads(out)
    assert (code, told["source"], told["summary"]["num_steps"]) == (0, "jsonl", 30)
    assert [finding["kind"] for finding in told["findings"]] == ["imported_log"]


def test_rewards_that_part_are_told_beside_the_health(call, place):
    rows = [
        {"step": n, "reward": 0.3 + 0.005 * n + (n % 3) / 100, "true_reward": 0.3 - 0.002 * n}
        for n in range(160)
    ]
    (place / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, out, _ = call("run", "import", "log.jsonl", "--out", "run")
    assert (code, "proxy_divergence" in out, "the run" in out) == (0, True, True)
    out = call("run", "show", "run")[1]
    assert "the true reward fell" in out
    (signal,) = json.loads(call("run", "show", "run", "--json")[1])["signals"]
    assert (signal["kind"], signal["severity"]) == ("proxy_divergence", "critical")
    out = call("run", "import", "log.jsonl", "--out", "again", "--json")[1]
    assert [one["kind"] for one in json.loads(out)["signals"]] == ["proxy_divergence"]


def test_names_of_ones_own_are_mapped(call, place):
    (place / "log.csv").write_text("step,f\n1,0.5\n")
    code, out, _ = call("run", "import", "log.csv", "--map", "f=true_reward_mean", "--out", "run")
    assert (code, "true_reward_mean" in out) == (0, True)
    code, _, err = call("run", "import", "log.csv", "--map", "f", "--out", "other")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize("text", [None, "", "no log", "{"])
def test_what_cannot_be_imported_is_one_line(call, place, text):
    if text is not None:
        (place / "log").write_text(text)
    code, out, err = call("run", "import", "log")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert not (place / "artifacts").exists()
