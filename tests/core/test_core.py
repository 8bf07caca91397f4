"""The room as a whole: its names, and what importing it costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from provenir import core

_MODULES = """
import sys, json
from provenir import core
from provenir.core import errors, canonical, digest, merkle, findings, plain, text, clock, ids
from provenir.core import files, extras, protocols
print(json.dumps(sorted(sys.modules)))
"""


def test_every_exported_name_can_be_imported() -> None:
    assert sorted(core._EXPORTS) == sorted(core.__all__)
    assert dir(core) == sorted(core.__all__)
    for name in core.__all__:
        assert getattr(core, name) is not None


def test_an_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = core.no_such_name  # type: ignore[attr-defined]


def test_nothing_heavy_and_no_other_room_is_imported() -> None:
    source = str(Path(__file__).parents[2] / "src")
    output = subprocess.run(
        [sys.executable, "-c", _MODULES],
        check=True,
        capture_output=True,
        env={"PYTHONPATH": source},
    ).stdout
    modules = json.loads(output)
    heavy = {"pydantic", "numpy", "torch", "cryptography", "jinja2", "rich", "typer", "asyncio"}
    assert not heavy & set(modules)
    rooms = {name.split(".")[1] for name in modules if name.startswith("provenir.")}
    assert rooms == {"core", "_lazy", "_version"}
