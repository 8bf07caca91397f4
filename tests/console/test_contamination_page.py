"""The page of a contamination report: what it says first, and that nothing on it acts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

pytest.importorskip("numpy", reason="a check needs the extra data")

from provenir.console.contamination_page import SHOWN_HITS, render_contamination
from provenir.eval.contamination import ContaminationChecker, ContaminationReport

QUESTION = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in "
    "May. How many clips did Natalia sell altogether in April and May?"
)
HOSTILE = "<script>alert(1)</script><img src=x onerror=y> \x1b[31m \u202e [bold]"
FRUIT = "Nothing of interest stands here, only the usual words about apples and pears."


def check(rows, items, name="eval"):
    return ContaminationChecker().check_datasets(rows, {name: items})


def page_of(report):
    return render_contamination(report).decode()


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.seen |= {f"{name}=" for name, _ in attrs if name.startswith("on") or name == "style"}


def verdict(page):
    return re.search(r'class="word">([^<]*)<', page)[1]


def test_a_hit_has_both_texts_and_marks_on_both_sides():
    report = check([{"text": "Solve: " + QUESTION.upper()}], [{"question": QUESTION}])
    page = page_of(report)
    assert verdict(page) == "CONTAMINATED"
    assert "100% of the item" in page
    marks = re.findall(r"<mark[^>]*>([^<]*)</mark>", page)
    assert [mark.lower() for mark in marks] == [QUESTION[:-1].lower()] * 2
    assert "row 0" in page


def test_clean_is_said_only_where_all_was_examined():
    items = [{"question": QUESTION}]
    assert verdict(page_of(check([{"text": FRUIT}], items))) == "CLEAN"
    page = page_of(check([{"text": FRUIT}], [*items, {"question": "Why?"}]))
    assert verdict(page) == "NOTHING FOUND"
    assert "1 of 2 items have too few words" in page
    page = page_of(check([{"text": FRUIT}], [{"question": "Why?"}]))
    assert verdict(page) == "NOTHING EXAMINED"
    assert "says nothing of the eval set" in page


def test_nothing_acts_whatever_the_data_holds():
    rows = [{f"f{HOSTILE}": f"{HOSTILE} {QUESTION} {HOSTILE}"}]
    page = page_of(check(rows, [{"question": QUESTION + HOSTILE}], name=HOSTILE))
    tags = Tags()
    tags.feed(page)
    assert tags.seen.isdisjoint({"script", "img", "link", "iframe", "form", "style=", "onerror="})
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", page)
    assert "default-src &#39;none&#39;" in page
    assert "http:" not in page
    assert "https:" not in page


def test_the_page_is_bounded():
    rows = [{"text": QUESTION + f" {k}"} for k in range(SHOWN_HITS + 20)]
    report = check(rows, [{"question": QUESTION}])
    page = page_of(report)
    assert "20 further hits not shown." in page
    assert page.count('<article class="rollout">') == SHOWN_HITS
    assert len(page) < 400_000


def test_a_stored_report_gives_the_same_page(tmp_path):
    report = check([{"text": QUESTION}], [{"question": QUESTION}])
    report.write(tmp_path / "report.json")
    again = ContaminationReport.read(tmp_path / "report.json")

    def body(one):
        return re.sub(r"Written [^b]* by", "", page_of(one))

    assert body(again) == body(report)
