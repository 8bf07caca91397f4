"""What tests may do with a program: each of these is an honest program and has to pass."""

from __future__ import annotations

import pytest

from environments.judging.verdicts import reason, verdict

ADD = "def add(a, b):\n    return a + b\n"
STACK = """
class Stack:
    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        if not self.items:
            raise IndexError("pop from an empty stack")
        return self.items.pop()

    def __len__(self):
        return len(self.items)
"""
VECTOR = """
class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def __abs__(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5

    def __eq__(self, other):
        return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))

    def __lt__(self, other):
        return abs(self) < abs(other)

    def __repr__(self):
        return f"Vector({self.x}, {self.y})"
"""

HONEST = {
    "asserts": (ADD, "assert add(1, 2) == 3\nassert add('a', 'b') == 'ab'"),
    "functions": (
        ADD,
        "def test_one():\n    assert add(1, 2) == 3\n\ndef test_two():\n    assert add(0, 0) == 0",
    ),
    "check": (ADD, "def check(candidate):\n    assert candidate(1, 2) == 3"),
    "check that calls itself": (
        ADD,
        "def check(candidate):\n    assert candidate(1, 2) == 3\n\ncheck(add)",
    ),
    "import of the program": (
        ADD,
        "from solution import add\nimport solution\nassert add(1, 2) == solution.add(2, 1)",
    ),
    "import under another name": (
        ADD,
        "from my_package.my_module import add\nassert add(1, 2) == 3",
    ),
    "parameters": (
        ADD,
        """
        import pytest

        @pytest.mark.parametrize("a, b, want", [(1, 2, 3), (0, 0, 0), pytest.param(-1, 1, 0, id="zero")])
        def test_add(a, b, want):
            assert add(a, b) == want
        """,
    ),
    "fixtures": (
        STACK,
        """
        import pytest

        @pytest.fixture
        def stack():
            made = Stack()
            made.push(1)
            yield made

        class TestStack:
            def test_pop(self, stack):
                assert stack.pop() == 1
                with pytest.raises(IndexError, match="empty"):
                    stack.pop()
        """,
    ),
    "unittest": (
        STACK,
        """
        import unittest

        class TestStack(unittest.TestCase):
            def setUp(self):
                self.stack = Stack()

            def test_order(self):
                self.stack.push(1)
                self.stack.push(2)
                self.assertEqual([self.stack.pop(), self.stack.pop()], [2, 1])
                self.assertEqual(len(self.stack), 0)

            def test_empty(self):
                with self.assertRaises(IndexError) as caught:
                    self.stack.pop()
                self.assertIn("empty", str(caught.exception))

        if __name__ == "__main__":
            unittest.main()
        """,
    ),
    "a list returned is the program's own": (
        STACK,
        "s = Stack()\ns.push(3)\ns.items.append(4)\nassert s.pop() == 4",
    ),
    "operators": (
        VECTOR,
        """
        a, b = Vector(1, 2), Vector(3, 4)
        assert a + b == Vector(4, 6)
        assert a * 3 == Vector(3, 6)
        assert abs(Vector(3, 4)) == 5.0
        assert a < b and not b < a
        assert sorted([b, a]) == [a, b]
        assert len({Vector(1, 2), Vector(1, 2), b}) == 2
        assert {a: 1}[Vector(1, 2)] == 1
        assert repr(a * 2) == "Vector(2, 4)" and str(a) == f"{a}"
        assert a != b and a in [b, Vector(1, 2)]
        """,
    ),
    "attributes": (
        VECTOR,
        "v = Vector(1, 2)\nv.x = 5\nassert (v.x, v.y) == (5, 2) and hasattr(v, 'x') and not hasattr(v, 'z')",
    ),
    "in place": (
        "def sort(items):\n    items.sort()\n",
        "data = [3, 1, 2]\nassert sort(data) is None\nassert data == [1, 2, 3]",
    ),
    "in place, deep": (
        "def put(tree):\n    tree['a'][0]['b'].append(1)\n",
        "tree = {'a': [{'b': []}]}\nput(tree)\nassert tree == {'a': [{'b': [1]}]}",
    ),
    "the same list twice": (
        "def same(a, b):\n    a.append(1)\n    return a is b\n",
        "x = []\nassert same(x, x)\nassert x == [1]",
    ),
    "a list that holds itself": (
        "def f(x):\n    return x[0] is x\n",
        "x = []\nx.append(x)\nassert f(x)",
    ),
    "generators": (
        "def squares(n):\n    for i in range(n):\n        yield i * i\n",
        "import types\ng = squares(3)\nassert isinstance(g, types.GeneratorType)\nassert next(g) == 0\nassert list(g) == [1, 4]",
    ),
    "generators that receive": (
        "def total():\n    t = 0\n    while True:\n        t += yield t\n",
        "g = total()\nnext(g)\nassert g.send(3) == 3\nassert g.send(4) == 7\ng.close()",
    ),
    "endless generators": (
        "import itertools\ndef evens():\n    return (n for n in itertools.count() if n % 2 == 0)\n",
        "import itertools\nassert list(itertools.islice(evens(), 3)) == [0, 2, 4]",
    ),
    "call-backs": (
        "def apply(f, xs):\n    return [f(x) for x in xs]\n",
        "seen = []\nassert apply(lambda x: seen.append(x) or x + 1, [1, 2]) == [2, 3]\nassert seen == [1, 2]\nassert apply(str, [1]) == ['1']",
    ),
    "decorators": (
        "import functools\ndef twice(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k) * 2\n    return inner\n",
        "@twice\ndef one(a, *, b=2):\n    'doc'\n    return a + b\nassert one(1) == 6 and one(1, b=0) == 2\nassert one.__name__ == 'one' and one.__doc__ == 'doc'",
    ),
    "signatures of call-backs": (
        "import inspect\ndef count(f):\n    return len(inspect.signature(f).parameters), f.__code__.co_argcount\n",
        "assert count(lambda a, b: 0) == (2, 2)",
    ),
    "closures": (
        "def adder(n):\n    def add(x):\n        return x + n\n    return add\n",
        "assert adder(2)(3) == 5 and callable(adder(1))",
    ),
    "own exceptions": (
        "class Bad(ValueError):\n    def __init__(self, code):\n        super().__init__(f'code {code}')\n        self.code = code\ndef f(x):\n    raise Bad(x)\n",
        """
        import pytest
        with pytest.raises(Bad) as caught:
            f(7)
        assert caught.value.code == 7 and str(caught.value) == "code 7"
        with pytest.raises(ValueError, match="code 8"):
            f(8)
        try:
            f(9)
        except Bad as error:
            assert error.code == 9 and isinstance(error, ValueError)
        else:
            assert False
        assert issubclass(Bad, ValueError)
        """,
    ),
    "causes": (
        "def f():\n    try:\n        {}['a']\n    except KeyError as e:\n        raise ValueError('x') from e\n",
        "import pytest\nwith pytest.raises(ValueError) as c:\n    f()\nassert isinstance(c.value.__cause__, KeyError)",
    ),
    "exceptions of call-backs": (
        "def retry(f):\n    for _ in range(3):\n        try:\n            return f()\n        except ConnectionError:\n            pass\n    raise TimeoutError\n",
        """
        calls = []
        class Flaky(ConnectionError): pass
        def f():
            calls.append(1)
            if len(calls) < 3:
                raise Flaky("x")
            return "ok"
        assert retry(f) == "ok" and len(calls) == 3
        class Other(Exception): pass
        error = Other("mine")
        def g():
            raise error
        try:
            retry(g)
        except Other as caught:
            assert caught is error
        """,
    ),
    "enums": (
        "from enum import Enum, IntEnum\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\nclass Level(IntEnum):\n    LOW = 1\n",
        "assert Color.RED.value == 1 and Color(1) is Color.RED and Color['BLUE'] is Color.BLUE\nassert [c.name for c in Color] == ['RED', 'BLUE'] and len(Color) == 2\nassert Level.LOW == 1 and Level.LOW + 1 == 2 and Color.RED != Color.BLUE",
    ),
    "named tuples and collections": (
        "from collections import *\nP = namedtuple('P', 'x y')\ndef f():\n    d = defaultdict(list)\n    d['a'].append(1)\n    return P(1, 2), Counter('aab'), d, deque([1, 2], 3), OrderedDict(a=1)\n",
        "p, c, d, q, o = f()\nassert p == (1, 2) and p.x == 1 and isinstance(p, tuple) and repr(p) == 'P(x=1, y=2)'\nassert c == {'a': 2, 'b': 1} and c.most_common(1) == [('a', 2)]\nassert d == {'a': [1]} and d['b'] == []\nassert list(q) == [1, 2] and q.maxlen == 3 and list(o) == ['a']",
    ),
    "other plain values": (
        "from decimal import Decimal\nfrom fractions import Fraction\nimport datetime as dt\ndef f():\n    return Decimal('1.10'), Fraction(1, 3), dt.date(2020, 1, 2), dt.timedelta(1), 3 + 4j, b'\\x00\\xff', frozenset({1}), range(3), 2**70000, float('-inf'), None, ...\n",
        "from decimal import Decimal\nfrom fractions import Fraction\nimport datetime as dt\na, b, c, d, e, g, h, i, j, k, l, m = f()\nassert a == Decimal('1.1') and str(a) == '1.10' and b == Fraction(1, 3) and c == dt.date(2020, 1, 2)\nassert d.days == 1 and abs(e) == 5 and g == bytes([0, 255]) and h == {1} and i == range(3)\nassert j == 2**70000 and k == float('-inf') and l is None and m is ...",
    ),
    "dataclasses": (
        "from dataclasses import dataclass, field\n@dataclass(order=True)\nclass P:\n    x: int\n    tags: list = field(default_factory=list)\n",
        "assert P(1) == P(1, []) and P(1) != P(2) and P(1) < P(2)\np = P(3)\np.tags.append('a')\nassert p.tags == ['a'] and str(P(1)) == 'P(x=1, tags=[])'",
    ),
    "an abstract class, completed by the test": (
        "from abc import ABC, abstractmethod\nclass Animal(ABC):\n    def __init__(self, name):\n        self.name = name\n    @abstractmethod\n    def sound(self): ...\n    def speak(self):\n        return f'{self.name}: {self.sound()}'\n",
        """
        import pytest
        class Dog(Animal):
            def __init__(self, name):
                super().__init__(name)
                self.times = 2
            def sound(self):
                return "wuff" * self.times
            def speak(self):
                return super().speak() + "!"
        dog = Dog("Rex")
        assert dog.speak() == "Rex: wuffwuff!" and isinstance(dog, Animal) and issubclass(Dog, Animal)
        with pytest.raises(TypeError):
            Animal("x")
        """,
    ),
    "objects of the test": (
        "def total(node):\n    t = 0\n    while node:\n        t, node = t + node.value, node.next\n    return t\ndef reverse(node):\n    before = None\n    while node:\n        node.next, before, node = before, node, node.next\n    return before\n",
        """
        class Node:
            def __init__(self, value, next=None):
                self.value, self.next = value, next
        head = Node(1, Node(2, Node(3)))
        assert total(head) == 6
        turned = reverse(head)
        assert (turned.value, turned.next.value, turned.next.next.value) == (3, 2, 1)
        assert turned.next.next is head
        """,
    ),
    "context managers": (
        "class Timer:\n    def __enter__(self):\n        self.on = True\n        return self\n    def __exit__(self, kind, error, trace):\n        self.on = False\n        return kind is KeyError\n",
        "with Timer() as t:\n    assert t.on\nassert not t.on\nwith Timer():\n    raise KeyError",
    ),
    "iterators, containers": (
        "class Box:\n    def __init__(self, *xs):\n        self.xs = list(xs)\n    def __iter__(self):\n        return iter(self.xs)\n    def __getitem__(self, i):\n        return self.xs[i]\n    def __setitem__(self, i, v):\n        self.xs[i] = v\n    def __contains__(self, x):\n        return x in self.xs\n    def __len__(self):\n        return len(self.xs)\n    def __bool__(self):\n        return bool(self.xs)\n",
        "b = Box(1, 2, 3)\nassert list(b) == [1, 2, 3] and b[0] == 1 and b[-1] == 3 and b[1:] == [2, 3]\nb[0] = 9\nassert 9 in b and 1 not in b and len(b) == 3 and b and not Box()\nassert [*b] == [9, 2, 3] and max(b) == 9 and sum(b) == 14",
    ),
    "subclasses of containers": (
        "class Stack(list):\n    def push(self, x):\n        self.append(x)\nclass Bag(dict):\n    def __missing__(self, k):\n        return 0\n",
        "s = Stack()\ns.push(1)\ns.append(2)\nassert s == [1, 2] and isinstance(s, list) and len(s) == 2 and s.pop() == 2\nb = Bag(a=1)\nassert b['a'] == 1 and b['z'] == 0 and b == {'a': 1}",
    ),
    "properties and class attributes": (
        "class C:\n    count = 0\n    def __init__(self):\n        C.count += 1\n        self._t = 0\n    @property\n    def t(self):\n        return self._t\n    @t.setter\n    def t(self, v):\n        if v < 0:\n            raise ValueError('negative')\n        self._t = v\n    @staticmethod\n    def s(x):\n        return x\n    @classmethod\n    def make(cls):\n        return cls()\n",
        "import pytest\nc = C()\nc.t = 3\nassert c.t == 3 and C.s(4) == 4 and isinstance(C.make(), C) and C.count == 2\nwith pytest.raises(ValueError):\n    c.t = -1",
    ),
    "async": (
        "import asyncio\nasync def double(x):\n    await asyncio.sleep(0)\n    return 2 * x\nasync def both(f):\n    return await asyncio.gather(f(1), f(2))\n",
        "import asyncio\nassert asyncio.run(double(2)) == 4\nasync def test_it():\n    assert await double(3) == 6\n    async def mine(x):\n        return x + 1\n    assert await both(mine) == [2, 3]",
    ),
    "what is printed": (
        "def hello(name):\n    print(f'Hello, {name}!')\n",
        "import io\nfrom contextlib import redirect_stdout\nout = io.StringIO()\nwith redirect_stdout(out):\n    hello('you')\nassert out.getvalue() == 'Hello, you!\\n'\ndef test_it(capsys):\n    hello('me')\n    assert capsys.readouterr().out == 'Hello, me!\\n'",
    ),
    "what is read": (
        "def ask():\n    return int(input('n? ')) + 1\n",
        "from unittest.mock import patch\nwith patch('builtins.input', return_value='4'):\n    assert ask() == 5\ndef test_it(monkeypatch):\n    monkeypatch.setattr('builtins.input', lambda _: '6')\n    assert ask() == 7",
    ),
    "mocks": (
        "import json\ndef fetch(client, key):\n    return json.loads(client.get(key, timeout=3))\ndef helper():\n    return 1\ndef use():\n    return helper() + 1\n",
        "from unittest.mock import Mock, patch\nclient = Mock()\nclient.get.return_value = '[1]'\nassert fetch(client, 'k') == [1]\nclient.get.assert_called_once_with('k', timeout=3)\nwith patch('solution.helper', return_value=41):\n    assert use() == 42\nassert use() == 2",
    ),
    "a program about a builtin's name": (
        "def sum(a, b):\n    return a + b\n",
        "assert sum(1, 2) == 3",
    ),
    "names that the test leaves to the program": (
        "import math\nfrom typing import List\ndef area(r):\n    return math.pi * r * r\ndef poly(xs, x):\n    return sum(c * x ** i for i, c in enumerate(xs))\n",
        "assert math.isclose(area(1), math.pi)\nassert poly([1, 2], 3) == 7",
    ),
    "approximately": (
        "def f():\n    return 0.1 + 0.2, [0.1 + 0.2], {'a': 1e-13}\n",
        "import pytest\na, b, c = f()\nassert a == pytest.approx(0.3) and b == pytest.approx([0.3]) and c == pytest.approx({'a': 0}) and a != pytest.approx(0.31)",
    ),
    "deep": (
        "import sys\nsys.setrecursionlimit(100000)\ndef depth(x):\n    n = 0\n    while x:\n        x, n = x[0], n + 1\n    return n\ndef make(n):\n    x = []\n    for _ in range(n):\n        x = [x]\n    return x\ndef rec(n):\n    return 0 if n == 0 else 1 + rec(n - 1)\n",
        "x = make(50000)\nassert depth(x) == 50000\nassert rec(900) == 900",
    ),
    "a method as entry point": (
        "class Solution:\n    def twoSum(self, a, b):\n        return a + b\n",
        "def check(candidate):\n    assert candidate(1, 2) == 3",
    ),
}
ENTRY = {"a method as entry point": {"entry_point": "Solution().twoSum"}}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_program_passes(name):
    program, test = HONEST[name]
    result = verdict(program, test, **ENTRY.get(name, {}))
    assert result.passed, result


@pytest.mark.parametrize(
    ("expected", "program", "tests"),
    [
        ("failed_assertion", ADD, ["assert add(1, 2) == 4"]),
        ("failed_assertion", ADD, ["assert add(1, 2) == 3", "assert add(1, 2) == 4"]),
        ("candidate_error", "def add(a, b):\n    return a.x\n", ["assert add(1, 2) == 3"]),
        ("missing_name", "x = 1\n", ["assert add(1, 2) == 3"]),
        ("load_error", "def add(a, b)\n", ["assert add(1, 2) == 3"]),
        ("load_error", "raise ValueError\n", ["assert add(1, 2) == 3"]),
        ("exited_on_import", ADD + "raise SystemExit(0)\n", ["assert add(1, 2) == 3"]),
        ("candidate_died", "import os\nos._exit(0)\n", ["assert add(1, 2) == 3"]),
        ("candidate_died", "import os\ndef add(a, b):\n    os._exit(0)\n", ["import pytest\nwith pytest.raises(Exception):\n    add(1, 2)\nassert True"]),
        ("invalid_test", ADD, ["assert add(1, 2) =="]),
        ("empty_test", ADD, [""]),
        ("empty_test", ADD, ["x = 1"]),
        ("empty_test", ADD, []),
        ("no_assertion", ADD, ["def check(candidate):\n    candidate(1, 2)\n"]),
        ("no_assertion", ADD, ["import pytest\n@pytest.mark.skip\ndef test_it():\n    assert add(1, 2) == 3\n"]),
        ("no_assertion", ADD, ["import unittest\n@unittest.skip('x')\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertEqual(add(1, 2), 3)\n"]),
        ("unsupported_test", ADD, ["import numpy as np\nassert np.isclose(add(1, 2), 3)"]),
        ("unsupported_test", ADD, ["import threading\nassert add(threading.Lock(), 2) == 3"]),
        ("unsupported_test", ADD, ["import pickle\nassert pickle.loads(add(b'', b'')) == 3"]),
        ("unsupported_test", ADD, ["assert eval(add('__import__', '(\"os\")')) == 3"]),
        ("unsupported_test", ADD, ["def test_it(no_such_fixture):\n    assert add(1, 2) == 3"]),
        ("unreached_assertion", "def f():\n    return []\n", ["assert True\nfor x in f():\n    assert x == 1"]),
        ("vacuous_test", "def f():\n    return []\n", ["assert all(a == b for a, b in zip(f(), [1, 2, 3]))"]),
        ("wrong_count", ADD, ["assert add(1, 2) == 3"]),
    ],
)  # fmt: skip
def test_what_does_not_hold_says_why(expected, program, tests):
    more = {"expected_assertions": 2} if expected == "wrong_count" else {}
    result = verdict(program, *tests, **more)
    assert (result.metadata["reason"], result.passed, result.reward) == (expected, False, 0.0)


def test_a_hang_ends_at_the_time_limit():
    from provenir.environments import CodeVerifier, SandboxConfig

    short = CodeVerifier(SandboxConfig(timeout_s=0.5))
    for program in ("while True: pass", "def f():\n    while True: pass"):
        assert short.verify(program, "assert f() == 1").metadata["reason"] == "timeout"


def test_the_line_of_the_assertion_is_told():
    result = verdict(ADD, "x = 1\n\nassert add(1, 2) == 4")
    assert "line 3" in result.detail
    assert "assert add(1, 2) == 4" in result.detail
    assert result.metadata["failures"][0]["line"] == 3


def test_a_helper_that_only_the_test_defines_is_the_tests():
    assert reason("def helper(x):\n    return 0\ndef f(x):\n    return 9\n", """
        def helper(x):
            return x
        assert helper(f(1)) == 1
        """) == "failed_assertion"  # fmt: skip


FILES = {
    "a file of the test": (
        "def count(path):\n    with open(path) as f:\n        return len(f.readlines())\n",
        "def test_it(tmp_path):\n    p = tmp_path / 'a' / 'b.txt'\n    p.parent.mkdir()\n    p.write_text('x\\ny\\n')\n    assert count(p) == 2\n    p.write_text('x')\n    assert count(str(p)) == 1",
    ),
    "a file of the program": (
        "import json, pathlib\ndef save(path, data):\n    pathlib.Path(path).write_text(json.dumps(data))\ndef load(path):\n    return json.loads(pathlib.Path(path).read_text())\n",
        "import json, os, tempfile\nwith tempfile.TemporaryDirectory() as d:\n    p = os.path.join(d, 'x.json')\n    save(p, {'a': [1]})\n    assert os.path.exists(p) and json.load(open(p)) == {'a': [1]}\n    assert load(p) == {'a': [1]}\n    os.remove(p)\n    try:\n        load(p)\n        assert False\n    except FileNotFoundError:\n        pass",
    ),
    "bytes, and a file that goes": (
        "import os\ndef flip(path):\n    data = open(path, 'rb').read()\n    open(path + '.out', 'wb').write(data[::-1])\n    os.remove(path)\n",
        "import os\ndef test_it(tmp_path):\n    p = tmp_path / 'x'\n    p.write_bytes(bytes(range(256)))\n    flip(str(p))\n    assert not p.exists() and (tmp_path / 'x.out').read_bytes() == bytes(range(255, -1, -1))",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_seen_by_both(name):
    result = verdict(*FILES[name])
    if result.metadata["layer"] != "S2":
        pytest.skip("both sides have a /tmp of their own from S2 on")
    assert result.passed, result
