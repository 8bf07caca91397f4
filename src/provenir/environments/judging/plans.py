"""Reading what a dataset gives as the tests of a program.

One shape for the many: sources that run in the judge, and pairs of standard input and output.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from provenir.core.errors import InputError

__all__ = ["Pair", "TestPlan", "read_plan"]

_INPUTS: Final = ("input", "stdin", "inputs")
_OUTPUTS: Final = ("output", "stdout", "expected_output", "expected", "outputs")
_MAX_CHARS: Final = 8_000_000
_MAX_TESTS: Final = 5_000
_CHECKS: Final = ("assert", "def test", "def check", "raises(", "unittest")


@dataclass(frozen=True, slots=True)
class Pair:
    """What a program is given on standard input and has to write to standard output."""

    stdin: str
    stdout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestPlan:
    """The tests of one program.

    Attributes:
        sources: Python test code, each run for itself.
        pairs: Input and output of the program as a script.
        setup: Code that runs before each source.
        entry_point: Name of the function under test; empty if nobody says.
        prompt: Code that responses may continue.
        assertions: How many assertions have to be completed; None for what is there.
    """

    __test__ = False  # not a test class, whatever a collector thinks of its name

    sources: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    setup: str = ""
    entry_point: str = ""
    prompt: str = ""
    assertions: int | None = None


def read_plan(reference: Any) -> TestPlan:
    """Read a reference.

    Args:
        reference: Test code, or a mapping with `test_code` (also `test`, `tests`, `test_list`) and
            optionally `entry_point`, `setup_code`, `prompt`, `expected_assertions`.

    Raises:
        InputError: It holds no test, or is of no shape that is known.
    """
    if isinstance(reference, str | list | tuple):
        reference = {"test_code": reference}
    if not isinstance(reference, Mapping):
        raise _bad(f"the reference is a {type(reference).__name__}")
    tests = _first(reference, ("test_code", "tests", "test", "test_list", "input_output"))
    if tests is None and _first(reference, _OUTPUTS) is not None:
        tests = reference
    if tests is None:
        raise _bad("the reference holds no test_code")
    sources: list[str] = []
    pairs: list[Pair] = []
    _collect(tests, sources, pairs, depth=0)
    if not sources and not pairs:
        raise InputError("the test is empty", where="test_code", mend="give assertions or pairs")
    if len(sources) + len(pairs) > _MAX_TESTS:
        raise _bad(f"{len(sources) + len(pairs)} tests, at most {_MAX_TESTS} are run")
    if not all(map(_checks, sources)):
        # Pieces of one test rather than tests.
        sources = ["\n".join(sources)]
        if not _checks(sources[0]):
            raise InputError(
                "a test holds no assertion", where="test_code", mend="nothing would be checked"
            )
    if not sources and not any(pair.stdout.strip() for pair in pairs):
        raise InputError(
            "no output is expected",
            where="test_code",
            mend="a program that does nothing would pass",
        )
    expected = reference.get("expected_assertions")
    if expected is not None and (type(expected) is not int or expected < 1):
        raise _bad(f"expected_assertions is {expected!r}")
    setup = [_text(reference, key) for key in ("setup_code", "test_setup_code")]
    setup += _lines(reference.get("test_imports"))
    return TestPlan(
        sources=tuple(sources),
        pairs=tuple(pairs),
        setup="\n".join(filter(None, setup)),
        entry_point=_text(reference, "entry_point"),
        prompt=_text(reference, "prompt"),
        assertions=expected,
    )


def _checks(source: str) -> bool:
    return any(word in source for word in _CHECKS)


def _bad(what: str) -> InputError:
    return InputError(
        what,
        where="reference",
        mend='give {"test_code": …} with Python tests or input/output pairs',
    )


def _first(mapping: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((mapping[key] for key in keys if mapping.get(key) is not None), None)


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _bad(f"{key} is a {type(value).__name__}")
    return value


def _lines(value: Any) -> list[str]:
    if value is None:
        return []
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(i, str) for i in items):
        raise _bad(f"test_imports is a {type(value).__name__}")
    return list(items)


def _collect(tests: Any, sources: list[str], pairs: list[Pair], depth: int) -> None:
    if depth > 3:
        raise _bad("tests are nested too deep")
    if tests is None:
        return
    if isinstance(tests, str):
        if len(tests) > _MAX_CHARS:
            raise _bad(f"a test of {len(tests)} characters")
        data = _json(tests)
        if data is not None:
            _collect(data, sources, pairs, depth + 1)
        elif tests.strip():
            sources.append(tests)
    elif isinstance(tests, Mapping):
        _from_mapping(tests, sources, pairs, depth)
    elif isinstance(tests, list | tuple):
        if len(tests) == 2 and isinstance(tests, tuple) and all(isinstance(t, str) for t in tests):
            pairs.append(Pair(*tests))
            return
        for item in tests:
            _collect(item, sources, pairs, depth + 1)
    else:
        raise _bad(f"a test is a {type(tests).__name__}")


def _json(text: str) -> Any:
    """Tests that a dataset keeps as JSON in a text."""
    if text.lstrip()[:1] not in {"{", "["}:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    known = isinstance(data, dict) and _first(data, _OUTPUTS) is not None
    return data if known or (isinstance(data, list) and data and _all_tests(data)) else None


def _all_tests(data: list[Any]) -> bool:
    return all(isinstance(item, str | dict) for item in data)


def _from_mapping(
    tests: Mapping[str, Any], sources: list[str], pairs: list[Pair], depth: int
) -> None:
    inner = _first(tests, ("test_code", "code"))
    if inner is not None:
        _collect(inner, sources, pairs, depth + 1)
        return
    given, wanted = _first(tests, _INPUTS), _first(tests, _OUTPUTS)
    if wanted is None:
        raise _bad("a test is a mapping without an expected output")
    name = tests.get("fn_name")
    many = isinstance(wanted, list)
    inputs = given if isinstance(given, list) else [given if given is not None else ""]
    outputs = wanted if many else [wanted]
    if name:
        inputs, outputs = (inputs, outputs) if many else ([given], [wanted])
        sources.append(_calls(str(name), inputs, outputs))
        return
    if len(inputs) != len(outputs):
        raise _bad(f"{len(inputs)} inputs and {len(outputs)} outputs")
    for stdin, stdout in zip(inputs, outputs, strict=True):
        pairs.append(Pair(_stream(stdin), _stream(stdout)))


def _stream(value: Any) -> str:
    """The text of an input or output; a list of lines is joined."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    if not isinstance(value, str):
        raise _bad(f"an input or output is a {type(value).__name__}")
    return value


def _calls(name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> str:
    """Assertions for cases that are given as arguments and results of a function."""
    if not name.replace(".", "_").isidentifier() or len(inputs) != len(outputs):
        raise _bad(f"the cases of {name!r} do not fit together")
    lines = []
    for arguments, result in zip(inputs, outputs, strict=True):
        if not isinstance(arguments, list | tuple):
            raise _bad(f"the arguments of {name} are no list")
        call = f"{name}(*{list(arguments)!r})"
        if not _is_literal(repr(list(arguments))) or not _is_literal(repr(result)):
            raise _bad(f"the cases of {name} are not plain data")
        lines.append(f"assert {call} == {result!r}")
    return "\n".join(lines)


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return True
