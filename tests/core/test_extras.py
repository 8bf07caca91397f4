"""Optional dependencies: the one line that installs them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from provenir.core.errors import MissingExtraError, UsageError
from provenir.core.extras import EXTRAS, available, install_line, require

ROOT = Path(__file__).parents[2]


def test_the_table_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert sorted(project["optional-dependencies"]) == list(EXTRAS) == sorted(EXTRAS)


def test_require_returns_the_first_module() -> None:
    assert require("files", "json", "os.path").__name__ == "json"


def test_a_missing_module_names_the_line() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install -e '\.\[files\]'") as caught:
        require("files", "json", "provenir_no_such_module")
    assert "provenir_no_such_module is not installed" in str(caught.value)
    assert "install provenir" not in str(caught.value)
    assert isinstance(caught.value, ImportError)


def test_a_broken_module_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "provenir_broken_module.py").write_text("raise ImportError('libfoo.so missing')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"cannot be imported \(libfoo\.so missing\)"):
        require("train", "provenir_broken_module")


def test_misuse() -> None:
    with pytest.raises(UsageError, match="no extra is called"):
        require("nope", "json")
    with pytest.raises(UsageError, match="name of a module"):
        require("files")
    with pytest.raises(UsageError):
        install_line("")


def test_the_base_has_a_line_too() -> None:
    assert install_line() == "pip install -e ."
    assert install_line("data") == "pip install -e '.[data]'"


def test_available_imports_nothing() -> None:
    assert available("json", "os.path")
    assert not available("json", "provenir_no_such_module")
    assert not available("provenir_no_such_module.child")
