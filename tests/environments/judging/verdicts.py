"""Running a program's tests for the tests of the judge."""

from __future__ import annotations

from functools import cache
from textwrap import dedent

from provenir.environments import CodeVerifier


@cache
def verifier():
    return CodeVerifier()


def verdict(program, *tests, **reference):
    """The result for a program; sources are dedented."""
    code = [dedent(test) if isinstance(test, str) else test for test in tests]
    return verifier().verify(
        dedent(program), {"test_code": code if len(code) != 1 else code[0], **reference}
    )


def reason(program, *tests, **reference):
    return verdict(program, *tests, **reference).metadata["reason"]
