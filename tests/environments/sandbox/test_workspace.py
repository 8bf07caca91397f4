"""A run's folder, where the layer has no /tmp of the run's own."""

from __future__ import annotations

import os
from pathlib import Path

from provenir.environments.sandbox.inside import workspace


def test_it_is_empty_and_ours_alone():
    path = Path(workspace.make(None))
    assert path.stat().st_mode & 0o777 == 0o700
    assert list(path.iterdir()) == []
    workspace.remove(str(path))
    assert not path.exists()


def test_what_a_link_leads_to_stays(tmp_path):
    (tmp_path / "file").write_text("kept")
    path = Path(workspace.make(None))
    (path / "folder").symlink_to(tmp_path)
    (path / "inner").mkdir(mode=0o000)
    os.mkfifo(path / "pipe")
    workspace.remove(str(path))
    assert (tmp_path / "file").read_text() == "kept"


def test_wide_and_deep_trees_go(tmp_path):
    path = workspace.make(None)
    here = Path.cwd()
    try:
        os.chdir(path)
        for n in range(200):
            Path(f"wide-{n}").mkdir()
        for _ in range(600):
            Path("d" * 10).mkdir()
            os.chdir("d" * 10)
        os.chdir(path)
        workspace.remove(path)
    finally:
        os.chdir(here)
    assert not Path(path).exists()
