"""Files cross below the working folder, and nowhere else."""

from __future__ import annotations

import pytest

from provenir.environments.judging.folder import Folder


@pytest.fixture
def sides(tmp_path):
    roots = [tmp_path / "one", tmp_path / "two"]
    for root in roots:
        root.mkdir()
    return roots, [Folder(str(root)) for root in roots]


def test_what_changes_on_one_side_changes_on_the_other(sides):
    (a, b), (one, two) = sides
    (a / "d").mkdir()
    (a / "d" / "f").write_bytes(b"\x00\xff")
    two.apply(one.changes())
    assert (b / "d" / "f").read_bytes() == b"\x00\xff"
    assert two.changes() == []
    (b / "d" / "f").unlink()
    (b / "d").rmdir()
    one.apply(two.changes())
    assert not (a / "d").exists()
    assert one.changes() == []


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "\0", 3, None, "link/x"])
def test_no_path_leads_out(sides, tmp_path, path):
    (a, _), (one, _) = sides
    (a / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="a path that"):
        one.apply([[path, "content"]])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "two"]


def test_a_link_is_neither_sent_nor_written_through(sides, tmp_path):
    (a, b), (one, two) = sides
    (tmp_path / "secret").write_text("secret")
    (a / "link").symlink_to(tmp_path / "secret")
    assert one.changes() == []
    (b / "f").write_text("x")
    (a / "f").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        one.apply(two.changes())
    assert (tmp_path / "secret").read_text() == "secret"


def test_what_is_too_large_stays(sides):
    (a, _), (one, _) = sides
    (a / "large").write_bytes(b"x" * (9 * 1024 * 1024))
    (a / "small").write_bytes(b"x")
    assert [path for path, _ in one.changes()] == ["small"]
