# ruff: noqa: E501 - texts stand on one line each
"""What reading the code of a completion costs, against `ast.parse` of the same program.

    python benchmarks/environments/code_cost.py

CPU time, the least of several rounds: the machine may be busy.
"""

from __future__ import annotations

import ast
import inspect
import random
import time
from typing import TYPE_CHECKING

from provenir.environments import analyse

if TYPE_CHECKING:
    from collections.abc import Callable

PROSE = "The train leaves at nine and needs four hours, so it arrives at one. The answer is one o'clock."
LONG_PROSE = (PROSE + " It follows (as shown above) that nothing else is possible.\n") * 13


def best(function: Callable[[], object], rounds: int = 10, times: int = 10) -> float:
    """Microseconds of CPU for one call, the least of the rounds."""
    spent = []
    for _ in range(rounds):
        began = time.process_time_ns()
        for _ in range(times):
            function()
        spent.append((time.process_time_ns() - began) / times / 1000)
    return min(spent)


def pathological() -> dict[str, str]:
    rng = random.Random(0)
    return {
        "10 MB of prose": LONG_PROSE * 7000,
        "10 MB of code": "x = f(1)\n" * 1_100_000,
        "10 MB without a newline": "a" * 10_000_000,
        "100,000 brackets": "x = " + "(" * 100_000,
        "100,000 fences": "```python\n" * 100_000,
        "100,000 nested fences": "".join("`" * (3 + n % 50) + "\n" for n in range(100_000)),
        "markdown in markdown": "````markdown\n```markdown\n" * 20_000,
        "100,000 minus signs": "x = " + "-" * 100_000 + "1",
        "100,000 not": "x = " + "not " * 100_000 + "1",
        "digits": "x = " + "9" * 100_000,
        "NUL and surrogates": "import os\n\0\ud800\n" * 8000,
        "attribute chain": "x = a" + ".b" * 30_000,
        "sum": "x = 1" + " + 1" * 15_000,
        "elif": "if x: pass\n" + "elif x: pass\n" * 990,
        "calls": "f(" * 80 + ")" * 80,
        "noise": "".join(chr(rng.randrange(32, 1000)) for _ in range(200_000)),
        "ascii noise": "".join(chr(rng.randrange(10, 127)) for _ in range(200_000)),
        "backslashes": "\\" * 200_000,
        "quotes": "\"'" * 100_000,
        "shell": "$ rm -rf tests/a.py\n" * 10_000,
        "substitutions": "$ echo " + "$(" * 50_000,
        "heredocs": "$ cat <<A > a.py\n" * 6000,
        "a diff": "--- a/tests/test_a.py\n+++ b/tests/test_a.py\n@@ -1 +1 @@\n"
        + "-    assert f(1) == 2\n+    assert f(1) == 3\n" * 4000,
        "tolerances": "--- a/tests/test_a.py\n+++ b/tests/test_a.py\n@@ -1 +1 @@\n"
        + "-  f(tol=1)\n+  g(tol=2)\n" * 4000,
        "decoders": "import base64\n"
        "exec(base64.b64decode('" + "eA==" * 100 + "'))\n" * 1 + "exec(bytes([120]))\n" * 3000,
        "exponents": "x = 9 ** 9 ** 9 ** 9\ny = 'a' * 10 ** 9\nz = list(range(10 ** 9))\n" * 300,
        "dense code": "x=1;" * 15_000,
        "aliases": "a0 = exit\n"
        + "".join(f"a{n} = a{n - 1}\n" for n in range(1, 4000))
        + "a3999()\n",
        "same name": "a = a + a\n" * 6000 + "a()\n",
        "calls of calls": "".join(f"def f{n}(): f{n + 1}(); f{n + 1}()\n" for n in range(2000))
        + "f0()\nexit()\n",
        "json strings": '"command": "rm a" ' * 5000,
        "prompts": ">>> x\n" * 16_000,
        "magics": "!ls -l\n" * 14_000,
        "equalities": "def f(x):\n"
        + "".join(f"    if x == [{n}]: return {n}\n" for n in range(2000)),
        "classes": "class A:\n    def __eq__(self, o): return True\n" * 1300,
        "joined": "x = " + "f'{a}'" * 9000,
        "words": "import " * 9_000,
        "hooks": "def pytest_x(items):\n"
        + "    if a:\n        items.add_marker(pytest.mark.skip)\n" * 1200,
        "spaces": " " * 96_000,
        "tabs and newlines": "\t\n" * 48_000,
        "colons": "if " + "x:" * 48_000,
    }


def main() -> None:
    program = "import ast\n\n" + "\n".join(inspect.getsource(ast.NodeTransformer).splitlines()[:60])
    lines = program.count("\n") + 1
    parse = best(lambda: ast.parse(program))
    read = best(lambda: analyse(program))
    print(
        f"a program of {lines} lines: {read:.0f} us, ast.parse {parse:.0f} us, ratio {read / parse:.2f}"
    )
    print(f"100 characters of prose: {best(lambda: analyse(PROSE), times=100):.1f} us")
    print(
        f"{len(LONG_PROSE)} characters of prose: {best(lambda: analyse(LONG_PROSE), times=20):.1f} us"
    )
    for name, text in pathological().items():
        began = time.process_time()
        analysis = analyse(text)
        spent = time.process_time() - began
        mark = "  <-- more than 0.5 s" if spent > 0.5 else ""
        print(
            f"{name}: {spent * 1000:.0f} ms, {analysis.blocks} blocks, {dict(analysis.skipped)}{mark}",
            flush=True,
        )


if __name__ == "__main__":
    main()
