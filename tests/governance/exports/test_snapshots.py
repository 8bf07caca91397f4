"""What was exported once is exported the same again; a change of form is seen here.

`UPDATE_SNAPSHOTS=1` writes the files anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provenir._version import __version__
from provenir.governance.exports import FORMATS, export_passport

FOLDER = Path(__file__).parent / "snapshots"
FORMS = {
    "cyclonedx": "model.cdx.json",
    "hf-card": "README.md.txt",
    "openlineage": "openlineage.json",
    "spdx3": "model.spdx.json",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_export_is_the_one_of_before(passport, form):
    text = export_passport(passport.envelope, form).decode("utf-8")
    # The version of provenir stands in them, and the passport's keyid in the card.
    keyid = passport.envelope.signatures[0].keyid
    text = text.replace(__version__, "VERSION").replace(keyid, "KEYID")
    kept = FOLDER / FORMS[form]
    if os.environ.get("UPDATE_SNAPSHOTS"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


def test_every_unsigned_form_has_one():
    assert set(FORMS) == {name for name, entry in FORMATS.items() if entry.signs == "never"}
