"""What an object of the candidate cannot bring a test to believe."""

from __future__ import annotations

import pytest

from environments.judging.verdicts import reason, verdict

LIAR = """
class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __le__(self, other): return True
    def __gt__(self, other): return True
    def __ge__(self, other): return True
    def __sub__(self, other): return self
    def __rsub__(self, other): return self
    def __mul__(self, other): return self
    def __pow__(self, other): return self
    def __truediv__(self, other): return 1
    def __mod__(self, other): return 0
    def __abs__(self): return 0
    def __round__(self, places=0): return self
    def __float__(self): return 0.0
    def __int__(self): return 0
    def __index__(self): return 0
    def __hash__(self): return hash(4)
    def __len__(self): return 4
    def __bool__(self): return True
    def __contains__(self, item): return True
    def __iter__(self): return iter([self] * 4)
    def __getitem__(self, key): return self
    def __call__(self, *args): return self
    def __getattr__(self, name): return self
    def __instancecheck__(self, other): return True
def f(*args): return Liar()
"""
CLAIMS = [
    "assert f(2) == 4",
    "assert 4 == f(2)",
    "assert not f(2) != 4",
    "assert abs(f(2) - 4.0) < 1e-6",
    "assert abs(4.0 - f(2)) < 1e-6",
    "assert (f(2) - 4) ** 2 < 1e-6",
    "assert f(2) - 4 == 0",
    "assert f(2) / 4 == 1",
    "assert f(2) % 2 == 0",
    "assert round(f(2), 3) == 4.0",
    "assert 3 < f(2) < 5",
    "assert f(2) >= 4",
    "assert f(2) in [4]",
    "assert f(2) in {4: 1}",
    "assert 4 in f(2)",
    "assert f(2) is True",
    "assert [f(2)] == [4]",
    "assert (1, f(2)) == (1, 4)",
    "assert {'a': f(2)} == {'a': 4}",
    "assert list(f(2)) == [1, 2, 3, 4]",
    "assert isinstance(f(2), int)",
    "assert f(2)['key'] == 4",
    "assert f(2).value == 4",
    "import math\nassert math.isclose(f(2), 4.0)",
    "assert isclose(f(2), 4.0)",
    "import pytest\nassert f(2) == pytest.approx(4.0)",
    "import pytest\nassert pytest.approx(4.0) == f(2)",
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(2), 4)",
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertAlmostEqual(f(2), 4.0)",
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertIn(4, f(2))",
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertGreater(f(2), 3)",
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertCountEqual(f(2), [1, 2])",
    "def check(candidate):\n    assert candidate(2) == 4",
    "assert sorted(f(2)) == [1, 2, 3, 4]",
    "assert max(f(2), 3) == 4",
    "assert sum([f(2), 1]) == 5",
    "assert f(2)() == 4",
    "assert str(f(2)) == '4'",
]  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS)
def test_no_claim_of_an_object_passes(claim):
    assert not verdict(LIAR, claim).passed


PLAIN_LIARS = {
    "int": "class L(int):\n    def __eq__(s, o): return True\n    def __hash__(s): return 4\n    def __sub__(s, o): return 0.0\n    def __lt__(s, o): return True\n    def __abs__(s): return 0\n    def __float__(s): return 4.0\ndef f(*a): return L(9)\n",
    "float": "class L(float):\n    def __eq__(s, o): return True\n    def __sub__(s, o): return 0.0\n    def __rsub__(s, o): return 0.0\n    def __lt__(s, o): return True\n    def __abs__(s): return 0\n    def __round__(s, n=0): return 4.0\ndef f(*a): return L(9)\n",
    "str": "class L(str):\n    def __eq__(s, o): return True\n    def __hash__(s): return hash('4')\n    def __contains__(s, o): return True\ndef f(*a): return L('9')\n",
    "list": "class L(list):\n    def __eq__(s, o): return True\n    def __contains__(s, o): return True\ndef f(*a): return L([9])\n",
    "dict": "class L(dict):\n    def __eq__(s, o): return True\ndef f(*a): return L(a=9)\n",
    "tuple": "class L(tuple):\n    def __eq__(s, o): return True\n    def __len__(s): return 4\ndef f(*a): return L([9])\n",
    "set": "class L(set):\n    def __eq__(s, o): return True\n    def __contains__(s, o): return True\ndef f(*a): return L([9])\n",
    "metaclass": "class M(type):\n    def __eq__(s, o): return True\n    def __hash__(s): return 4\nclass L(metaclass=M):\n    pass\ndef f(*a): return L\n",
}
PLAIN_CLAIMS = [
    "assert f(2) == 4",
    "assert 4 == f(2)",
    "assert abs(f(2) - 4.0) < 1e-6",
    "assert f(2) in (4, '4')",
    "assert f(2) == '4'",
    "assert f(2) == [4]",
    "assert f(2) == {'a': 4}",
    "assert f(2) == (4,)",
    "assert f(2) == {4}",
    "assert 4 in f(2)",
    "assert {4: 'x', '4': 'x'}[f(2)] == 'x'",
    "import math\nassert math.isclose(f(2), 4)",
    "import pytest\nassert f(2) == pytest.approx(4.0)",
]


@pytest.mark.parametrize("claim", PLAIN_CLAIMS)
@pytest.mark.parametrize("kind", PLAIN_LIARS)
def test_a_value_of_a_derived_class_is_what_it_is_underneath(kind, claim):
    assert not verdict(PLAIN_LIARS[kind], claim).passed


POINT = "class P:\n    def __init__(self, x, y=0):\n        self.x, self.y = x, y\n    def moved(self, n):\n        return self\n"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("def __eq__(self, other): return True", "worthless_equality"),
        ("def __eq__(self, other): return isinstance(other, P)", "worthless_equality"),
        ("def __eq__(self, other): return type(self) is type(other)", "worthless_equality"),
        ("def __eq__(self, other): return self.y == other.y", "worthless_equality"),
        ("def __eq__(self, other): return self.x == other.x", "failed_assertion"),
    ],
)
def test_an_equality_that_tells_nothing_apart_is_worth_nothing(method, expected):
    program = f"{POINT}    {method}\n"
    test = "p = P(1)\nassert p.moved(3) == P(4)"
    assert reason(program, test) == expected


def test_equality_by_identity_needs_no_control():
    assert reason(POINT, "p = P(1)\nassert p.moved(1) == p and p != P(1)") == "ok"


def test_an_order_that_says_yes_both_ways_is_refused():
    program = POINT + "    def __lt__(self, other): return True\n"
    assert reason(program, "assert P(1) < P(2)") == "contradictory_order"


def test_a_container_that_holds_everything_is_refused():
    program = "class Bag:\n    def add(self, x): pass\n    def __contains__(self, x): return True\n"
    assert reason(program, "b = Bag()\nb.add(3)\nassert 3 in b") == "holds_everything"


def test_what_is_expected_is_not_computed_from_what_the_program_emptied():
    program = "def sort(items):\n    items.clear()\n    return items\n"
    test = "data = [3, 1, 2]\nassert sort(data) == sorted(data)"
    assert reason(program, test) == "moved_expectation"
    honest = "def sort(items):\n    items.sort()\n    return items\n"
    assert reason(honest, test) == "ok"


@pytest.mark.parametrize(
    "program",
    [
        "def isclose(*a, **k): return True\ndef f(x): return 0\n",
        "class M:\n    def isclose(self, *a, **k): return True\nmath = M()\ndef f(x): return 0\n",
        "def abs(x): return 0\ndef f(x): return 0\n",
        "def round(x, n=0): return 4.0\ndef f(x): return 0\n",
        "def len(x): return 4\ndef f(x): return 0\n",
        "def check(f): pass\ndef f(x): return 0\n",
        "def test_it(): pass\ndef f(x): return 0\n",
        "import builtins\nbuiltins.abs = lambda x: 0\ndef f(x): return 0\n",
        "import math\nmath.isclose = lambda *a, **k: True\ndef f(x): return 0\n",
        "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\ndef f(x): return 0\n",
    ],
)
@pytest.mark.parametrize(
    "test",
    [
        "assert isclose(f(2), 4.0)",
        "assert math.isclose(f(2), 4.0)",
        "assert abs(f(2) - 4.0) < 1e-6",
        "assert round(f(2), 2) == 4.0",
        "assert len([1] * f(2)) == 4",
        "def check(candidate):\n    assert candidate(2) == 4",
        "def test_it():\n    assert f(2) == 4",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(2), 4)",
    ],
)
def test_what_a_test_measures_with_is_pythons_own(program, test):
    assert not verdict(program, test).passed


def test_one_equal_control_is_no_proof():
    program = (
        "class Mod:\n    def __init__(self, n, m):\n        self.n = n % m\n"
        "    def __eq__(self, other): return self.n == other.n\n"
    )
    assert reason(program, "assert Mod(3, 7) == Mod(10, 7)") == "ok"
