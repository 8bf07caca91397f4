"""What the style sheet promises: nothing cut on paper, names before digests."""

from __future__ import annotations

import re
from importlib.resources import files

from provenir.console.identity import read_identity


def printed() -> str:
    style = files("provenir.console").joinpath("templates", "report.css").read_text()
    (rules,) = re.findall(r"@media print \{\n(.*?)\n\}", style, re.DOTALL)
    return str(rules)


def test_nothing_is_cut_or_folded_on_paper() -> None:
    rules = printed()
    assert re.search(r"\.drawing img \{[^}]*max-width: 100%", rules)
    assert re.search(r"\.scroll, \.drawing \{ overflow: visible", rules)
    assert re.search(r"details::details-content \{[^}]*content-visibility: visible", rules)
    assert re.search(r"pre\.said \{ max-height: none; overflow: visible", rules)


def test_a_digest_takes_no_room_from_the_names_beside_it() -> None:
    data = read_identity({"data": [{"name": "rows"}]}, {}).data
    assert [column.dress for column in data.columns][-1] == "digest"
    style = files("provenir.console").joinpath("templates", "report.css").read_text()
    (share,) = re.findall(r"th\.digest \{ width: (\d+)%", style)
    assert int(share) < 40
