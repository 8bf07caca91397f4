"""A candidate that takes over its own process and speaks on the channel itself."""

from __future__ import annotations

import pytest

from environments.judging.verdicts import reason, verdict

PEER = """
import gc, sys, os, json, struct
def peer():
    return next(o for o in gc.get_objects() if type(o).__name__ == "Peer")
def say(message):
    body = json.dumps(message).encode()
    os.write(3, struct.pack("!I", len(body)) + body)
EMPTY = {"s": [], "c": [], "d": [], "out": "", "err": ""}
"""
NAMES_OF_OPERATIONS = "['__eq__', '__sub__', '__abs__', '__lt__', '__float__', '__class__', '__getattribute__', '__instancecheck__']"

FORGERIES = {
    "methods that are operators": PEER + f"""
sys.modules["provenir.environments.judging.objects"].method_names = lambda cls: {NAMES_OF_OPERATIONS}
class E:
    def __eq__(self, other): return True
def f(x): return E()
""",
    "operators of a value": PEER + f"""
sys.modules["provenir.environments.judging.objects"].special_names = lambda cls, base: {NAMES_OF_OPERATIONS}
class E(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __abs__(self): return 0.0
    def __lt__(self, other): return True
def f(x): return E(9)
""",
    "a class that says it is the judge's": PEER + """
m = sys.modules["provenir.environments.judging.objects"].ObjectTable
m.class_expr = lambda self, cls: ["w", 1]
class E: pass
def f(x): return E
""",
    "the expected value by its number": PEER + """
def f(x):
    say({"k": "r", "v": ["n", 2], **EMPTY})
    return 4
""",
    "an object of the judge by its number": PEER + """
def f(x):
    for n in range(1, 5):
        say({"k": "r", "v": ["o", n], **EMPTY})
    return 0
""",
    "an answer to nothing": PEER + "say({'k': 'r', 'v': True, **EMPTY})\ndef f(x): return 0\n",
    "a verdict": PEER + "say({'reason': 'ok', 'detail': '', 'nonce': '', **EMPTY})\ndef f(x): return 0\n",
    "a function of the library": PEER + """
def f(x):
    say({"k": "r", "v": ["f", "os:_exit"], **EMPTY})
    return 0
""",
    "a class of the library": PEER + """
def f(x):
    say({"k": "r", "v": ["C", "unittest.mock:_ANY"], **EMPTY})
    return 0
""",
    "bytes that are no message": PEER + "def f(x):\n    os.write(3, b'\\xff' * 64)\n    return 0\n",
    "a message without end": PEER + "def f(x):\n    os.write(3, b'\\x7f\\xff\\xff\\xff')\n    os._exit(0)\n",
    "a deep message": PEER + "def f(x):\n    b = b'[' * 100000\n    os.write(3, struct.pack('!I', len(b)) + b)\n    return 0\n",
    "a hash that is no number": PEER + "class E:\n    def __hash__(self): return 4\nsys.modules['provenir.environments.judging.special'].OPERATIONS['__hash__'] = lambda v: 'x'\ndef f(x): return E()\n",
    "exceptions that are no exceptions": PEER + "def f(x):\n    say({'k': 'x', 'v': 4, 'at': '', **EMPTY})\n    return 0\n",
    "exceptions of the test framework": PEER + "def f(x):\n    say({'k': 'x', 'v': ['x', 'unittest.case:SkipTest', ['n', -1], None], 'at': '', 's': [[-1, 't', [], None]], 'c': [], 'd': [], 'out': '', 'err': ''})\n    return 0\n",
    "questions that nobody asks": PEER + "def f(x):\n    return peer().ask('ask', None, 'load')\n",
    "making a class in the judge": PEER + "def f(x):\n    peer().ask('derive', None, 'X', (), {})\n    return 0\n",
    "a circle of tuples": PEER + "def f(x):\n    say({'k': 'r', 'v': ['n', -1], 's': [[-1, 't', [['n', -1]], None]], 'c': [], 'd': [], 'out': '', 'err': ''})\n    return 0\n",
    "another process answers": PEER + "if os.fork() == 0:\n    while True:\n        say({'k': 'r', 'v': 4, **EMPTY})\ndef f(x): return 0\n",
    "every descriptor is written": "import os\ndef f(x):\n    for n in range(1, 64):\n        try: os.write(n, b'{\"reason\": \"ok\", \"detail\": \"\", \"nonce\": \"\"}')\n        except OSError: pass\n    return 0\n",
}  # fmt: skip
TESTS = [
    "assert f(2) == 4",
    "assert abs(f(2) - 4.0) < 1e-6",
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(2), 4)",
    "import pytest\ndef test_it():\n    assert f(2) == pytest.approx(4)",
]


@pytest.mark.parametrize("test", TESTS, ids=["assert", "close", "unittest", "approx"])
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_message_is_no_pass(name, test):
    if name == "another process answers" and test != TESTS[0]:
        pytest.skip("one is enough: it may answer right by chance of what it was told to say")
    result = verdict(FORGERIES[name].replace("'v': 4, **E", "'v': 5, **E"), test)
    assert not result.passed, result


CALLBACK = "def apply(cb):\n    return {body}\n"


@pytest.mark.parametrize(
    "body",
    [
        "cb.__globals__['want']",
        "cb.__closure__[0].cell_contents",
        "cb.__code__.co_consts[1]",
        "cb.__self__",
        "cb.__func__.__globals__",
        "type(cb).__getattribute__(cb, '__globals__')['want']",
    ],
)
def test_a_call_back_leads_to_nothing_of_the_test(body):
    test = "want = 4711\ndef run():\n    secret = want\n    return apply(lambda: secret)\nassert run() == want"
    assert not verdict(CALLBACK.format(body=body), test).passed


@pytest.mark.parametrize(
    "raw",
    [
        "__globals__",
        "__code__",
        "__closure__",
        "__self__",
        "__class__",
        "__dict__",
        "__init__",
        "gi_frame",
    ],
)
@pytest.mark.parametrize(
    "handed",
    [
        "lambda: want",
        "Thing()",
        "(x for x in [want])",
        "Thing().method",
        "Thing",
        "Mock(return_value=want)",
    ],
)
def test_nor_does_a_question_about_it_on_the_channel(raw, handed):
    program = PEER + f"def apply(cb):\n    m = cb\n    return peer().ask('get', m, {raw!r})\n"
    test = f"""
        from unittest.mock import Mock
        want = 4711
        class Thing:
            def __init__(self): self._want = want
            def method(self): return want
        got = apply({handed})
        assert got == want
        """  # fmt: skip
    assert not verdict(program, test).passed


def test_a_mock_cannot_be_told_to_forget():
    test = "from unittest.mock import Mock\nm = Mock()\nrun(m)\nm.assert_called_once_with(3)"
    forge = "def run(m):\n    {0}\n    m.assert_called_once_with = lambda *a: None\n"
    for attack in (
        "m.assert_called_once_with = lambda *a: None",
        "m.call_count = 1; m.called = True",
        "m.reset_mock()",
        "m.configure_mock(call_count=1)",
        "m._mock_call_args = 3",
        "m.side_effect = None",
        "m(4)",
    ):
        program = forge.format(attack) if "lambda" not in attack else f"def run(m):\n    {attack}\n"
        assert not verdict(program, test + "\nassert True").passed
    assert verdict("def run(m):\n    m(3)\n", test + "\nassert True").passed


def test_a_method_of_the_tests_object_is_not_replaced():
    test = """
        class Log:
            def __init__(self): self.lines = []
            def add(self, line): self.lines.append(line)
            def ok(self): return self.lines == ["a"]
        log = Log()
        run(log)
        assert log.ok()
        """
    assert not verdict("def run(log):\n    log.ok = lambda: True\n", test).passed
    assert not verdict("def run(log):\n    type(log).ok = lambda self: True\n", test).passed
    assert verdict("def run(log):\n    log.add('a')\n", test).passed


def test_an_assertion_in_a_call_back_is_not_swallowed():
    program = "def run(cb):\n    try:\n        cb(3)\n    except BaseException:\n        pass\n"
    test = "def cb(x):\n    assert x == 4\nrun(cb)\nassert True"
    assert reason(program, test) == "swallowed_assertion"


@pytest.mark.parametrize(
    "raised",
    ["SystemExit(0)", "KeyboardInterrupt", "GeneratorExit", "StopIteration", "unittest.SkipTest('x')",
     "BaseException", "AssertionError", "type('Skipped', (BaseException,), {})()", "asyncio.CancelledError"],
)  # fmt: skip
@pytest.mark.parametrize(
    "test",
    ["assert f(2) == 4", "def test_it():\n    assert f(2) == 4",
     "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(2), 4)"],
)  # fmt: skip
def test_no_exception_of_the_program_is_a_pass(raised, test):
    program = f"import unittest, asyncio\ndef f(x):\n    raise {raised}\n"
    assert not verdict(program, test).passed
