from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_value, is_digest
from provenir.core.errors import InputError
from provenir.provenance.fingerprint import Fingerprint, capture_fingerprint, package_set_digest

CAPTURE = (
    "import json;"
    "from provenir.provenance.fingerprint import capture_fingerprint;"
    "print(json.dumps(capture_fingerprint().to_dict()))"
)


def captured(cwd: Path, *, env: dict[str, str] | None = None, code: str = CAPTURE) -> dict:
    """The fingerprint that another process takes in a folder."""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True,
        env=env,
    )  # fmt: skip
    return json.loads(result.stdout)


def test_one_process_gives_one_fingerprint(tmp_path: Path) -> None:
    assert capture_fingerprint(tmp_path) == capture_fingerprint(tmp_path)


def test_two_processes_on_one_host_give_one_digest(tmp_path: Path) -> None:
    assert captured(tmp_path)["digest"] == capture_fingerprint(tmp_path).digest


def test_the_digest_is_over_the_compared_part(tmp_path: Path) -> None:
    fingerprint = capture_fingerprint(tmp_path)
    assert fingerprint.digest == digest_value(fingerprint.compared)
    assert set(fingerprint.compared) == {"python", "os", "cpu", "accelerators", "packages", "git"}
    assert fingerprint.compared["git"] is None
    canonical_bytes(fingerprint.to_dict())


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")
def test_importing_torch_in_between_does_not_change_the_digest(tmp_path: Path) -> None:
    code = (
        "import json, sys;"
        "from provenir.provenance.fingerprint import capture_fingerprint;"
        "before = capture_fingerprint();"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules;"
        "import torch; torch.set_num_threads(1);"
        "after = capture_fingerprint();"
        "again = before.observed_again();"
        "print(json.dumps([before.to_dict(), after.to_dict(), again == after]))"
    )
    before, after, again = captured(tmp_path, code=code)
    assert before["digest"] == after["digest"]
    assert not any(key.startswith("torch.") for key in before["observed"])
    assert after["observed"]["torch.threads"] == 1
    assert again


def test_variables_are_observed_not_compared(tmp_path: Path) -> None:
    plain = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    without = captured(tmp_path, env=plain)
    with_it = captured(tmp_path, env={**plain, "OMP_NUM_THREADS": "1", "SECRET_TOKEN": "hidden"})
    assert without["digest"] == with_it["digest"]
    assert with_it["observed"]["env.OMP_NUM_THREADS"] == "1"
    assert "env.OMP_NUM_THREADS" not in without["observed"]
    assert "hidden" not in json.dumps(with_it)


def test_no_git_binary_and_no_folder_never_raise(tmp_path: Path) -> None:
    blind = captured(tmp_path, env={"PATH": "", "PYTHONPATH": os.environ.get("PYTHONPATH", "")})
    assert blind["compared"]["git"] is None
    assert capture_fingerprint(tmp_path / "absent").compared["git"] is None


def test_a_deleted_working_directory_never_raises(tmp_path: Path) -> None:
    code = f"import os; os.chdir({str(tmp_path)!r}); os.rmdir({str(tmp_path)!r});" + CAPTURE
    assert is_digest(captured(Path.cwd(), code=code)["digest"])


def test_changing_what_was_captured_changes_no_later_capture(tmp_path: Path) -> None:
    first = capture_fingerprint(tmp_path)
    first.compared["cpu"]["model"] = "forged"
    assert capture_fingerprint(tmp_path).compared["cpu"]["model"] != "forged"
    assert not first.is_consistent


def test_round_trip_and_malformed_tables(tmp_path: Path) -> None:
    fingerprint = capture_fingerprint(tmp_path)
    table = fingerprint.to_dict()
    assert Fingerprint.from_dict(json.loads(json.dumps(table))) == fingerprint
    assert fingerprint.is_consistent
    for broken in ({"digest": "abc"}, {"compared": 3}, {"observed": []}):
        with pytest.raises(InputError):
            Fingerprint.from_dict({**table, **broken})


def test_the_package_set_is_a_digest_in_the_fingerprint(tmp_path: Path) -> None:
    assert is_digest(package_set_digest())
    assert capture_fingerprint(tmp_path).compared["packages"]["digest"] == package_set_digest()


def test_another_package_set_has_another_digest(tmp_path: Path) -> None:
    before = captured(tmp_path)
    metadata = tmp_path / "extra" / "Some_Thing-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: Some_Thing\nVersion: 1.0\n\nx")
    path = os.pathsep.join(filter(None, [str(tmp_path / "extra"), os.environ.get("PYTHONPATH")]))
    after = captured(tmp_path, env={**os.environ, "PYTHONPATH": path})
    assert after["compared"]["packages"]["count"] == before["compared"]["packages"]["count"] + 1
    assert after["digest"] != before["digest"]
