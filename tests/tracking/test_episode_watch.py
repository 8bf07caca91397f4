"""What is said of an episode between its onset and its end."""

from __future__ import annotations

from provenir.observability.anomaly import Anomaly
from provenir.observability.hacking import HackingSignal
from provenir.tracking.episode_watch import QUIET_STEPS, EpisodeWatch


def anomaly(step=1, last=1, severity="warning", kind="kl_blowup"):
    return Anomaly(
        kind=kind, severity=severity, detail="d", step=step, channel="kl", last_step=last
    )


def events(watch, *ongoing):
    return [(change.event, change.episode.kind) for change in watch.after_step(ongoing)]


def test_an_episode_has_an_onset_escalations_and_a_recovery():
    watch = EpisodeWatch()
    assert events(watch) == []
    assert events(watch, anomaly()) == [("onset", "kl_blowup")]
    assert events(watch, anomaly(last=2)) == []
    assert events(watch, anomaly(last=3, severity="critical")) == [("escalation", "kl_blowup")]
    assert events(watch, anomaly(step=4, last=4)) == [
        ("onset", "kl_blowup"),
        ("recovery", "kl_blowup"),
    ]
    assert events(watch) == [("recovery", "kl_blowup")]
    assert events(watch) == []


def test_what_was_open_before_is_no_news_until_it_is_seen_again():
    old = anomaly(last=5)
    watch = EpisodeWatch([old])
    assert events(watch, old) == []
    assert not list(watch.open)
    assert events(watch, anomaly(last=7)) == [("onset", "kl_blowup")]
    (episode,) = watch.open
    assert (episode.step, episode.last_step) == (7, 7)
    assert events(watch, anomaly(last=9)) == []
    assert next(iter(watch.open)).step == 7


def signal(severity="warning", kind="test_tampering"):
    return HackingSignal(kind=kind, severity=severity, detail=severity)


def test_signals_of_a_kind_are_one_episode():
    watch = EpisodeWatch()
    watch.take_signals([signal("info")], 1)
    assert events(watch) == []
    watch.take_signals([signal(), signal()], 2)
    assert events(watch) == [("onset", "test_tampering")]
    watch.take_signals([signal("critical"), signal("warning")], 3)
    assert events(watch) == [("escalation", "test_tampering")]
    (episode,) = watch.open
    assert (episode.step, episode.last_step, episode.detail) == (2, 3, "critical")
    assert episode.is_hacking
    for _ in range(QUIET_STEPS - 1):
        assert events(watch) == []
    assert events(watch) == [("recovery", "test_tampering")]
