"""What is said to hold is what was seen to hold."""

from __future__ import annotations

import dataclasses
import json
import os
import sys

import pytest

from provenir.environments.sandbox import Isolation, probe_cache, probes
from provenir.environments.sandbox.advice import mend
from provenir.environments.sandbox.bait import Bait
from provenir.environments.sandbox.inside.probe import ATTEMPTS
from provenir.environments.sandbox.values import LAYERS, Plan

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


def test_the_weakest_layer_stands_and_does_not_boast():
    found = probes.probe("S0", again=True)
    assert found.stands
    assert found.isolation.mem == "enforced"
    assert found.isolation.net == found.isolation.fs == "not_enforced"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_attempt_is_made_at_every_layer(layer):
    with Bait() as bait:
        assert bait.reachable()
        ended, attempts = probes.attempts_at(Plan(layer=layer), bait)
    if ended.exit_code is None:
        pytest.skip(f"{layer} does not stand here: {ended.detail}")
    assert set(attempts) == set(ATTEMPTS)


def test_the_strongest_layer_holds_everything_where_namespaces_are_to_be_had():
    found = probes.probe("S2", again=True)
    if not found.stands:
        pytest.skip(f"S2 does not stand here: {found.why}")
    assert set(found.isolation.as_dict().values()) == {"enforced"}
    assert probes.strongest().layer == "S2"


def test_what_was_not_told_of_is_unverified():
    told = dict.fromkeys(ATTEMPTS, "refused")
    assert set(probes._judge(told, reachable=True).as_dict().values()) == {"enforced"}
    del told["fs.home"], told["mem.allocate"]
    isolation = probes._judge(told, reachable=False)
    assert isolation == Isolation(
        net="unverified", fs="unverified", env="enforced", nproc="enforced", mem="unverified"
    )
    assert probes._judge({"fs.read": "reached"}, reachable=True).fs == "not_enforced"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "provenir" / "sandbox" / "S1.json"


def test_an_answer_is_kept_for_its_owner_alone(cache):
    isolation = Isolation(net="enforced")
    assert probe_cache.load("S1") is None
    probe_cache.save("S1", True, isolation, "", "namespaces")
    assert probe_cache.load("S1") == (True, isolation, "", "namespaces")
    assert cache.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "change",
    [
        lambda value: {**value, "key": "sha256:" + "0" * 64},
        lambda value: {**value, "isolation": {"net": "perhaps"}},
        lambda value: {**value, "isolation": ["net"]},
        lambda value: [value],
        lambda value: {},
    ],
)
def test_an_answer_that_is_odd_or_old_counts_as_none(cache, change):
    probe_cache.save("S1", True, Isolation(), "", "namespaces")
    cache.write_text(json.dumps(change(json.loads(cache.read_text()))))
    assert probe_cache.load("S1") is None
    cache.write_bytes(b"\xff{")
    assert probe_cache.load("S1") is None


def test_no_place_for_an_answer_is_no_fault(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    probe_cache.save("S1", True, Isolation(), "", "namespaces")
    assert probe_cache.load("S1") is None


def test_every_layer_has_a_mend():
    assert all(mend(layer) for layer in LAYERS)


def test_a_plan_carries_what_was_found():
    found = dataclasses.replace(probes.probe("S0"), isolation=Isolation(mem="enforced"))
    plan = found.plan((os.sep,))
    assert (plan.layer, plan.isolation, plan.read_only_paths) == ("S0", found.isolation, ("/",))
