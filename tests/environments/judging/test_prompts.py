"""What a prompt defines completely."""

from __future__ import annotations

import pytest

from provenir.environments.judging.prompts import helpers

HELPER = "def helper(x):\n    return x"


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        (f"{HELPER}\ndef asked(x):\n    pass\n", HELPER),
        (f"import math\n{HELPER}\n", f"import math\n{HELPER}"),
        (f"{HELPER}\nprint(1)\n", HELPER),
        ("def helper(x):\n    '''Text.'''\n", ""),
        ("def helper(x):\n    raise NotImplementedError\n", ""),
        ("def asked(x):\n    return x\n", ""),
        (
            "class P:\n    def m(self):\n        return 1",
            "class P:\n\n    def m(self):\n        return 1",
        ),
        ("class P:\n    def m(self):\n        ...", ""),
        ("import math\n", ""),
        ("Write a function.", ""),
        ("def asked(x):\n", ""),
        ("\0", ""),
        ("(" * 10_000, ""),
        ("", ""),
    ],
)
def test_what_is_complete_is_kept(prompt, found):
    assert helpers(prompt, "asked") == found
