"""The script behind the table of folds."""

from __future__ import annotations

import importlib.util
import unicodedata
import zlib
from pathlib import Path

import pytest

from provenir.data.text.folding import FOLD_VERSION, TABLE

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "make_fold_table.py"

pytestmark = pytest.mark.skipif(
    not SCRIPT.is_file(), reason="the scripts are not part of an installed package"
)


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("make_fold_table", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_the_script_makes(script):
    if not FOLD_VERSION.endswith(unicodedata.unidata_version):
        pytest.skip("the table was made with another version of Unicode")
    assert zlib.decompress(TABLE.read_bytes(), 31) == zlib.decompress(script.table(), 31)


def test_another_version_of_unicode_makes_no_table(script, monkeypatch, capsys):
    monkeypatch.setattr(script, "FOLD_VERSION", "1-unicode-1.0.0")
    monkeypatch.setattr("sys.argv", ["make_fold_table.py"])
    before = TABLE.read_bytes()
    assert script.main() == 2
    assert "needs an interpreter" in capsys.readouterr().out
    assert TABLE.read_bytes() == before


def test_letters_that_look_alike_fold_to_ascii(script):
    assert all(to.isascii() and to.isalpha() for to in script.ALIKE.values())
    assert not any(letter.isascii() for letter in script.ALIKE)
