"""Reading a diff file by file."""

# ruff: noqa: E501 - samples stand on one line each
from __future__ import annotations

from environments.hacks import diff
from provenir.environments import analyse
from provenir.environments.code.diffs import is_diff, read_diff


def test_lines_and_where_they_stand():
    text = diff(
        "tests/test_a.py", " def test_x():", "-    assert f(2) == 4", "+    assert f(2) == 5"
    )
    (change,) = read_diff(text)
    assert change.path == "tests/test_a.py"
    (added,), (removed,) = change.added, change.removed
    assert (
        added.text == "    assert f(2) == 5\n" == text[added.start : added.start + len(added.text)]
    )
    assert removed.text == "    assert f(2) == 4\n"
    assert [mark for _, mark in change.after] == [False, True]


def test_new_deleted_and_renamed_files():
    text = (
        "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x = 1\n"
        "diff --git a/d.py b/d.py\ndeleted file mode 100644\n--- a/d.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x = 1\n"
        "diff --git a/a.py b/b.py\nsimilarity index 100%\nrename from a.py\nrename to b.py\n"
    )
    new, deleted, renamed = read_diff(text)
    assert (new.path, new.created, new.deleted) == ("n.py", True, False)
    assert (deleted.path, deleted.created, deleted.deleted) == ("d.py", False, True)
    assert (renamed.path, renamed.renamed_from) == ("b.py", "a.py")


def test_two_files_without_git():
    text = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n--- c\n+++ d\n@@ -1 +1 @@\n-x\n+y\n"
    assert [change.path for change in read_diff(text)] == ["b", "d"]


def test_a_list_is_no_diff():
    assert not is_diff("--- a rule\n+ one more\n- one less\n")
    assert not is_diff("x *** y @@ z")


def test_the_added_line_is_what_is_reported():
    text = diff("src/a.py", " import os", " def f():", "+    os._exit(0)", "     return 1")
    (finding,) = analyse(text).findings
    (span,) = finding.spans
    assert (finding.rule, text[span.start : span.end]) == ("hard_exit", "os._exit(0)")


def test_what_was_there_before_is_not_reported():
    text = diff("src/a.py", " import os", " def f():", "     os._exit(0)", "+    # why")
    assert analyse(text).findings == ()
