"""`provenir report`: the page, and what must not be overlooked while it is written."""

from __future__ import annotations

import pytest

pytest.importorskip("altair", reason="the charts need the extra report")
pytest.importorskip("vl_convert", reason="the charts need the extra report")


def test_a_good_run_gets_its_page_without_a_warning(call, signed):
    code, out, err = call("report", signed)
    assert (code, err) == (0, "")
    assert out.strip().endswith("report.html")


def test_a_changed_run_gets_its_page_and_one_line_of_warning(call, signed):
    bom = signed / "bom.json"
    bom.write_text(bom.read_text().replace("0.5", "0.9"))
    code, out, err = call("report", signed)
    assert code == 0
    assert out.count("\n") == 1
    assert err.count("\n") == 1
    assert "warning: 1 check failed: bom.json was changed" in err
