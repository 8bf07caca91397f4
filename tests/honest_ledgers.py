"""Honest runs whose settings differ in everything that the verification looks at."""

from __future__ import annotations

from typing import Any

B3 = ("layer.0", "layer.1", "head")
DEEP = ("embedding", *(f"layer.{i}" for i in range(12)), "final_norm", "head")
MANY = {3: [(0, "lower", 250), (1, "exclude", None)], 5: [(0, "annotate", None)]}
BACK = {2: [(0, "exclude", None)], 4: [(0, "lower", 400)], 6: [(0, "exclude", None)]}

HONEST: dict[str, dict[str, Any]] = {
    "plain": {},
    "one epoch": {"epochs": 1},
    "seven epochs": {"epochs": 7},
    "batch of one": {"batch": 1, "micro": 1},
    "batch of all": {"batch": 64, "micro": 64},
    "batch of three": {"batch": 3},
    "drop last": {"batch": 5, "drop_last": True},
    "drop last of two epochs": {"batch": 7, "drop_last": True, "epochs": 2},
    "keep last": {"batch": 5},
    "drop all": {"rows": 6, "batch": 64, "drop_last": True},
    "micro of one": {"micro": 1},
    "micro of three": {"batch": 8, "micro": 3},
    "micro beyond the batch": {"batch": 2, "micro": 8},
    "hash every two": {"hash_every": 2},
    "hash every three": {"hash_every": 3},
    "hash every five of few": {"hash_every": 5, "epochs": 1},
    "hash once": {"hash_every": 10_000},
    "no bands": {"bands": False},
    "no bands, hash every four": {"bands": False, "hash_every": 4},
    "no metadata": {"with_metadata": False},
    "no metadata, no bands": {"with_metadata": False, "bands": False},
    "one row": {"rows": 1},
    "two rows": {"rows": 2, "batch": 1},
    "three hundred rows": {"rows": 300, "batch": 16, "epochs": 1},
    "repeated contents": {"rows": 30, "repeated": 8},
    "all one content": {"rows": 10, "repeated": 10},
    "nothing frozen": {"frozen": ()},
    "much frozen": {"frozen": ("embedding", "layer.0", "final_norm")},
    "three blocks": {"blocks": B3, "frozen": ()},
    "fifteen blocks": {"blocks": DEEP, "frozen": ("embedding", "head")},
    "admission only": {"routing": "admission-only", "claim": "L1"},
    "admission only, no bands": {"routing": "admission-only", "bands": False, "claim": "L1"},
    "expiry at once": {"start": "2026-03-01T23:59:59.000Z"},
    "expiry never": {"start": "2026-02-28T00:00:00.000Z", "step_s": 60},
    "expiry before the start": {"start": "2026-03-02T00:00:00.000Z"},
    "steps days apart": {"step_s": 86_400},
    "steps months apart": {"step_s": 40 * 86_400, "epochs": 3},
    "steps at one instant": {"step_s": 0},
    "over the turn of the year": {"start": "2026-12-30T12:00:00.000Z", "step_s": 50_000},
    "interventions": {"interventions": MANY},
    "back and forth": {"interventions": BACK, "epochs": 3},
    "lowered to nothing": {"interventions": {1: [(row, "lower", 0) for row in range(24)]}},
    "all excluded": {"interventions": {2: [(row, "exclude", None) for row in range(24)]}},
    "interventions in segments": {"interventions": MANY, "hash_every": 3},
    "a spike skipped": {"skipped": {3: "gradient-spike"}},
    "the first and the last skipped": {"skipped": {1: "non-finite", 8: "starved"}},
    "all skipped": {"skipped": dict.fromkeys(range(1, 50), "gradient-spike")},
    "skipped in a segment": {"skipped": {2: "starved", 3: "starved"}, "hash_every": 2},
    "snapshots": {"snapshot_every": 2},
    "snapshots in segments": {"snapshot_every": 3, "hash_every": 5},
    "killed once": {"snapshot_every": 2, "killed_after": (5,)},
    "killed at a snapshot": {"snapshot_every": 2, "killed_after": (4,)},
    "killed before a snapshot": {"snapshot_every": 4, "killed_after": (3,)},
    "killed three times": {"snapshot_every": 2, "killed_after": (3, 5, 7), "hash_every": 2},
    "killed with interventions": {
        "snapshot_every": 2, "killed_after": (5,), "interventions": MANY,
    },
    "halted": {"halt_after": 4},
    "halted at once": {"halt_after": 1, "hash_every": 3},
    "halted in a segment": {"halt_after": 5, "hash_every": 3},
    "no norms": {"norms": False},
    "another seed": {"seed": bytes(range(32))},
    "many epochs of few rows": {"rows": 5, "epochs": 40, "batch": 2},
}  # fmt: skip
"""What a run is called to what differs in it; `claim` is what its passport claims, L2 unless
stated."""
