"""A place of its own for every test: no workspace from outside, its own current folder."""

from __future__ import annotations

from itertools import chain

import pytest

from provenir.tracking.ranks import LAUNCHERS, RENDEZVOUS


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)
    for variable in (RENDEZVOUS, *chain.from_iterable(LAUNCHERS)):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path
