"""`provenir report`: the page, and what must not be overlooked while it is written."""

from __future__ import annotations

import os
import socket

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


def fifo(place):
    os.mkfifo(place)


def link(place):
    (place.parent / "kept.html").write_text("kept")
    place.symlink_to("kept.html")


def dangling_link(place):
    place.symlink_to("nowhere")


def link_to_a_pipe(place):
    os.mkfifo(place.parent / "pipe")
    place.symlink_to("pipe")


def unix_socket(place):
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(place.name)  # the full path may be too long for an address


def folder(place):
    place.mkdir()


@pytest.mark.parametrize("make", [fifo, link, dangling_link, link_to_a_pipe, unix_socket, folder])
def test_nothing_but_a_file_is_ever_replaced(call, signed, place, make):
    target = place / "page"
    make(target)
    before = target.lstat()
    code, out, err = call("report", signed, "--out", target)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert str(target) in err
    assert "--out" in err
    assert target.lstat().st_mode == before.st_mode
    assert target.lstat().st_ino == before.st_ino


def test_a_missing_folder_is_named_and_not_the_temporary_file(call, signed, place):
    code, _, err = call("report", signed, "--out", place / "no" / "page.html")
    assert code == 2
    assert str(place / "no" / "page.html") in err
    assert "make the folder" in err
    assert ".tmp-" not in err


def test_an_older_page_is_replaced(call, signed, place):
    (place / "page.html").write_text("old")
    assert call("report", signed, "--out", place / "page.html")[0] == 0
    assert "old" not in (place / "page.html").read_text()[:10]
