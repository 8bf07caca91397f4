from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from provenir.flows.watch_facts import Facts
from provenir.flows.watch_view import Frame, one_line, sparkline
from provenir.observability.anomaly import Anomaly
from provenir.tracking.following import Standing

HOSTILE = "\x1b[2J\u202e\u200b[bold]x[/bold]"


def course(*values: float) -> list[tuple[int, int, float, float, float]]:
    return [(at, at, value, value, value) for at, value in enumerate(values)]


def episode(**given: Any) -> Anomaly:
    told = {"kind": "kl_blowup", "severity": "critical", "detail": "kl is 9", "channel": "kl"}
    return Anomaly(**{**told, "step": 7, "last_step": 9, "subject": "kl", **given})


def facts(**given: Any) -> Facts:
    standing = Standing(state="running", alive=True, pid="77", run_id="r", name="my run")
    values = {f"channel_{at:02}": float(at) for at in range(30)} | {"kl": 9.0, "reward_mean": 0.5}
    told: dict[str, Any] = {
        "standing": standing,
        "verdict": "CRITICAL",
        "steps": 1_000,
        "last_step": 999,
        "pace": 2.5,
        "idle_s": 61.0,
        "values": values,
        "courses": {name: course(1.0, 2.0, value) for name, value in values.items()},
        "episodes": [episode(), episode(kind="nonfinite", step=3, recovered_at=5)],
        "num_episodes": 2,
        "num_open": 1,
        "rollouts": 12,
        "read_rollouts": 10,
        "confirmed": 1,
        "suspected": 2,
        "signals": {"test_tampering": 2},
        "hacking_rate": 0.25,
        "other_ranks": {1: 998, 2: 999},
    }
    return Facts(**{**told, **given})


def drawn(shown: Facts, width: int, height: int | None, encoding: str = "utf-8") -> list[str]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, width=width, color_system=None)
    console.print(Frame(shown, height=height))
    stream.flush()
    return stream.buffer.getvalue().decode(encoding).splitlines()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 20), (20, 8), (200, 60)])
def test_a_frame_fits_its_terminal(width: int, height: int) -> None:
    lines = drawn(facts(), width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("my run  running")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 20)])
def test_trouble_and_the_verdict_are_seen_at_every_size(width: int, height: int) -> None:
    lines = drawn(facts(), width, height)
    text = "\n".join(lines)
    assert "CRITICAL  step 999" in text
    assert any(line.startswith("▼ kl ") for line in lines)
    assert "Episodes: 1 open, 1 over" in text
    assert "kl_blowup" in text
    assert "Rollouts: 12, 10 read" in text
    assert "more channels" in text


def test_without_a_height_everything_is_there() -> None:
    text = "\n".join(drawn(facts(), 100, None))
    assert text.count("channel_") == 30
    assert "▼ critical kl_blowup  step 7, goes on" in text
    assert "nonfinite  step 3, over at 5" in text
    assert "Other ranks: 2, at steps 998 to 999" in text
    assert "last 1 min ago" in text
    assert "Rollouts: 12, 10 read, 1 confirmed, 2 suspected, hacking rate 25.0%" in text


def test_an_encoding_without_signs_gets_ascii() -> None:
    text = "\n".join(drawn(facts(), 80, 24, "ascii"))
    assert "! kl" in text
    assert "?" not in text


def test_a_run_that_is_not_there_is_no_healthy_run() -> None:
    assert drawn(Facts(standing=Standing()), 80, 24)[:2] == [
        "no run here yet",
        "UNKNOWN  no step yet",
    ]


def test_what_comes_from_a_file_cannot_act() -> None:
    standing = Standing(state=HOSTILE, alive=True, pid="7", run_id=HOSTILE, name=HOSTILE)
    shown = facts(
        standing=standing,
        values={HOSTILE: 1.0},
        courses={HOSTILE: course(1.0)},
        episodes=[episode(detail=HOSTILE, channel=HOSTILE)],
        signals={HOSTILE: 1},
        notes=[HOSTILE],
    )
    text = "\n".join([*drawn(shown, 100, None), one_line(shown)])
    assert not set(text) & set("\x1b\u202e\u200b")
    assert "[bold]x[/bold]" in text


def test_a_sparkline_keeps_a_spike_of_one_step() -> None:
    calm = [1.0] * 5_000
    calm[777] = 4.0
    line = sparkline(course(*calm), 40)
    assert len(line) <= 40
    assert line.count("█") == 1
    assert set(line) == {"▁", "█"}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=80), st.integers(0, 50))
@settings(max_examples=200)
def test_any_course_has_a_sparkline_of_the_width(values: list[float], width: int) -> None:
    assert len(sparkline(course(*values), width)) == (
        0 if not values or not width else -(-len(values) // -(-len(values) // width))
    )
