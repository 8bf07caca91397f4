"""The same walls, raised by a user who is not root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from provenir.environments.sandbox import warden

NOBODY = 65534
HERE = Path(__file__).parent


def reachable(path: Path) -> bool:
    """Whether everyone may read a file or folder and pass all folders above it."""
    return path.stat().st_mode & 0o004 != 0 and all(p.stat().st_mode & 1 for p in path.parents)


def interpreter() -> str | None:
    """An interpreter of this version that everyone may run."""
    own = Path(sys.executable).resolve()
    if reachable(own):
        return str(own)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    other = shutil.which(f"python{version}", path="/usr/local/bin:/usr/bin")
    return other if other and reachable(Path(other).resolve()) else None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="this user is not root anyway")
def test_the_walls_stand_for_a_user_who_is_not_root():
    python = interpreter()
    if python is None:
        pytest.skip("no interpreter of this version that everyone may run")
    packages = Path(sysconfig.get_paths()["purelib"])
    source = Path(warden.__file__).parents[3]
    for path in (packages, source, HERE):
        if not reachable(path):
            pytest.skip(f"not everyone may read {path}")
    done = subprocess.run(
        [
            *(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow"),
            *("--rootdir", str(HERE), "-c", os.devnull, "--import-mode=importlib"),
            *(str(HERE / name) for name in ("test_containment.py", "test_probes.py")),
        ],
        env={
            "PYTHONPATH": os.pathsep.join(map(str, (source, packages, HERE.parents[1]))),
            "HOME": "/nonexistent",
            "PATH": os.environ.get("PATH", ""),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd="/",
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
