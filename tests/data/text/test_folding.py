from __future__ import annotations

import hashlib
import sys
import unicodedata
import zlib

import pytest

from provenir.core.errors import InputError
from provenir.data.text import folding
from provenir.data.text.folding import (
    FOLD_VERSION,
    LETTERS,
    Kind,
    fold_table,
    plain_fold,
    strict_fold,
)


def folded(text: str, fold: folding.Fold) -> str:
    """The fold as text: a blank for what ends a word, nothing for what is dropped."""
    symbols = [symbol for char in text for symbol in fold[char] if symbol[0] is not Kind.DROP]
    return "".join(chr(point) if kind in LETTERS else " " for kind, point in symbols)


def assigned() -> list[str]:
    """Every character that both this interpreter and the table know."""
    ours = tuple(map(int, unicodedata.unidata_version.split(".")))
    theirs = tuple(map(int, FOLD_VERSION.rpartition("-")[2].split(".")))
    if ours > theirs:
        pytest.skip("the interpreter knows characters that the table does not")
    everything = map(chr, range(sys.maxunicode + 1))
    return [char for char in everything if unicodedata.category(char) != "Cn"]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Straße", "strasse"),
        ("ﬁne ﬂow", "fine flow"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
        ("café cafe\u0301", "cafe cafe"),
        ("ze\u200bro\ufeff", "zero"),
        ("pаypаl (Cyrillic а)", "paypal  cyrillic a "),
        ("x² ½ Ⅳ ٣ 三", "x2 1 2 iv 3 三"),
        ("don’t", "don t"),
        ("Ødegård þá æon", "odegard tha aeon"),
    ],
)
def test_what_is_written_alike_folds_alike(text, plain):
    assert folded(text, plain_fold()) == plain


@pytest.mark.parametrize("fold", [plain_fold, strict_fold])
def test_a_fold_does_not_see_compatibility_forms_or_case(fold):
    mapping = fold()
    for char in assigned():
        once = folded(char, mapping)
        for form in ("NFC", "NFKC", "NFD", "NFKD"):
            assert folded(unicodedata.normalize(form, char), mapping) == once, hex(ord(char))
        assert folded(char.casefold(), mapping) == once, hex(ord(char))


def test_folding_twice_is_folding_once():
    for char in assigned():
        once = folded(char, plain_fold())
        assert folded(once, plain_fold()) == once, hex(ord(char))


def test_surrogates_and_code_points_of_no_letter_end_words():
    for char in ("\ud800", "\udfff", "\x00", "\uffff", "\U0010ffff", "\ue000", "_", "😀"):
        assert [kind for kind, _ in plain_fold()[char]] == [Kind.BREAK]


def test_the_version_names_this_table():
    stored = zlib.decompress(folding.TABLE.read_bytes(), 31)
    digest = hashlib.sha256(stored).hexdigest()
    assert (FOLD_VERSION, digest[:16]) == ("1-unicode-15.1.0", "97de6737a1268140")


def test_a_damaged_table_is_refused(tmp_path, monkeypatch):
    damaged = tmp_path / "fold.gz"
    damaged.write_bytes(folding.TABLE.read_bytes()[:-100])
    monkeypatch.setattr(folding, "TABLE", damaged)
    fold_table.cache_clear()
    try:
        with pytest.raises(InputError, match=r"fold\.gz: install the package again"):
            fold_table()
    finally:
        fold_table.cache_clear()
