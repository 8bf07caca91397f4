"""Texts that are made to stall or to break an analysis, and how long each takes.

The bar is one second each for all of the hack report, for `detect` and for a monitor's `add`. It is
held against CPU seconds, which other programs on the machine do not change; wall seconds of
`detect` stand beside them. Exits with 1 when a text takes longer or raises. The peak is that of
what Python allocates, measured in a further pass.

Run from the checkout: python benchmarks/hacking/pathological.py [--scale 1.0] [--bar 1.0]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

from provenir.observability import HackingMonitor, RewardHackingDetector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.observability import HackingSignal

BAR = 1.0


def long_texts(n: int, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Make texts whose danger is their size; `n` is about their number of characters."""
    yield "one character", "a" * n
    yield "spaces", " " * n
    yield "newlines", "\n" * n
    yield "random bytes as text", rng.randbytes(n).decode("latin-1")
    yield "random code points", "".join(map(chr, (rng.randrange(0x110000) for _ in range(n // 10))))
    yield "one long line", "word " * (n // 50)
    yield "short lines", "ab\n" * (n // 10)
    yield "distinct lines", "".join(f"line {i}\n" for i in range(n // 10))
    yield "lone surrogates", "\ud800" * n
    yield "bidi soup", "\u202e\u2066\u2069\u202d" * (n // 4)
    yield "combining marks", "a" + "\u0301" * (n // 10)
    yield "zero width", "\u200b" * n
    yield "emoji joined", "👩\u200d👩\u200d👧" * (n // 10)
    yield "zlib bomb as text", zlib.compress(b"\0" * n, 9).decode("latin-1") * 50
    yield "base64 bomb", "exec(zlib.decompress(b64decode('" + "eNrt" * (n // 10) + "')))"


def brackets(n: int) -> Iterator[tuple[str, str]]:
    """Make texts that nest or that tempt a backtracking expression."""
    m = n // 100
    yield "deep brackets", "(" * m + ")" * m
    yield "deep lists as code", "x = " + "[" * m + "]" * m
    yield "open brackets", "[{(" * m
    yield "nested fences", "```python\n" * m
    yield "fences closed", "```\nx = 1\n```\n" * m
    yield "fences, growing", "\n".join("`" * (3 + i) for i in range(1_500))
    yield "tilde and backtick", "~~~\n```\n" * m
    yield "boxed nested", "\\boxed{" * m + "}" * m
    yield "boxed many", "\\boxed{1} " * m
    yield "think tags", "<think>" * m
    yield "think tags closed", "<think></think>" * m
    yield "answer open", "<answer" * m + ">" * m
    yield "angle brackets", "<" * m
    yield "deep JSON", '{"a":' * m + "1" + "}" * m
    yield "JSON lists", "[" * m + "]" * m
    yield "backtracking bait", "a" * m + "!" + "aA1 " * m
    yield "dots and commas", ", " * m + "." * m
    yield "quotes", "'\"" * m
    yield "triple quotes", '"""' * m
    yield "backslashes", "\\" * m
    yield "hashes", "#" * m + " 1"
    yield "comment ends", "<!--" * m + "-->"
    yield "heredocs", "cat <<EOF\n" * m
    yield "shell quotes", "echo \"$(echo '" * m
    yield "shell pipes", "true | " * m
    yield "diff headers", "--- a/t.py\n+++ b/t.py\n@@ -1 +1 @@\n" * m
    yield "diff lines", "--- a/tests/t.py\n+++ b/tests/t.py\n@@ -1 +1 @@\n" + "+assert 1\n" * m


def code(n: int) -> Iterator[tuple[str, str]]:
    """Make programs that are hard to parse or to walk."""
    m = n // 100
    yield "unary operators", "x = " + "-" * m + "1"
    yield "not not not", "x = " + "not " * m + "1"
    yield "attribute chain", "x = a" + ".b" * m
    yield "call chain", "x = f" + "()" * m
    yield "subscript chain", "x = a" + "[0]" * m
    yield "binary chain", "x = 1" + "+1" * m
    yield "string chain", "x = 'a'" + "+'b'" * m
    yield "strings adjoined", "x = " + "'a' " * m
    yield "lambdas", "x = " + "lambda: " * (m // 10) + "0"
    yield "f-strings", "x = " + "f'{" * 90 + "1" + "}'" * 90
    yield "huge integer", "x = " + "9" * m
    yield "power tower", "x = 9**9**9**9\ny = 10**10**10\nz = 'a' * 10**12\nw = 1 << 10**10"
    yield "bytes of a range", "exec(bytes(range(10**10)))\nexec(bytes([1]) * 10**11)"
    yield "chr chain", "exec(" + "+".join(["chr(105)"] * (m // 10)) + ")"
    yield "getattr chain", "getattr(" * 150 + "os" + ", 'a' + 'b')" * 150
    yield "nested ifs", "".join(" " * i + "if x:\n" for i in range(95)) + " " * 95 + "pass"
    yield "elif chain", "if x: pass\n" + "elif x == 1: return 1\n" * (m // 10)
    yield "decorators", "@d\n" * (m // 10) + "def f(): pass"
    yield "aliases", "import sys as a0\n" + "".join(f"a{i + 1} = a{i}\n" for i in range(m // 20))
    yield "aliases, circular", "a = b\nb = a\n" * (m // 20) + "a.exit(0)"
    yield "doubling strings", "a = 'x'\n" + "a = a + a\n" * 500 + "exec(a)"
    yield "doubling, a few", "a = 'x'\n" + "a = a + a\n" * 20 + "exec(a)"
    yield "doubling, each run", "a = 'x = 1\\n'\n" + "a = a + a\nexec(a)\n" * 16
    yield "growing strings", "a = ''\n" + "a += 'x'\n" * (m // 20) + "exec(a)"
    yield "products", "a = 'x' * 1000\nb = a * 1000\nc = b * 1000\nexec(c)\n"
    yield "many execs", "exec('import sys; x = 1')\n" * (m // 20)
    yield "many decodings", "exec(base64.b64decode('cGFzcw=='))\n" * (m // 20)
    yield "joined characters", "exec(''.join(chr(i) for i in [" + "105, " * (m // 10) + "]))"
    yield "formats", "a = '%s%s'\n" + "a = a % (a, a)\n" * 40 + "exec(a)"
    yield "replacements", "a = 'aa'\n" + "a = a.replace('a', 'aa')\n" * 60 + "exec(a)"
    yield "big table", "T = {" + ", ".join(f"{i}: {i}" for i in range(m)) + "}"
    yield "many functions", "".join(f"def f{i}(x):\n    return {i}\n" for i in range(m // 20))
    yield "star imports", "from os import *\n" * m
    yield "nulls", "x = 1\0\n" * m
    yield "tabs and spaces", "if x:\n\ty\n        z\n" * m
    yield "indents, ragged", "".join(" " * (i % 90) + "x\n" for i in range(m))
    yield "form feeds", "\f" * m + "x = 1"
    yield "walrus", "(" * 90 + "x := 1" + ")" * 90
    yield "comprehensions", "[" * 80 + "x" + " for x in y]" * 80
    yield "fenced unary", "```python\nx = " + "~" * m + "1\n```\n"
    yield "exec in exec", "exec('" * 90 + "')" * 90
    yield "match cases", "match x:\n" + "    case 1: return 2\n" * (m // 10)


def shapes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Make trajectories that are hard as a whole."""
    nest: Any = "x"
    for _ in range(5_000):
        nest = [{"role": "assistant", "content": nest}]
    yield "chat nested", {"response": nest}
    yield "chat long", {"response": [{"role": "assistant", "content": "abc "}] * 200_000}
    yield "own expression", {"response": "a" * 30 + "!", "format": "(a+)+$"}
    yield "own expression, nested", {"response": "ab" * 5_000, "format": "((a|b)*)*c"}
    yield "own expression, long", {"response": "x", "format": "(" * 5_000}
    yield "prompt huge", {"prompt": "ab " * 3_000_000, "response": "ab " * 1_000}
    yield "reference huge", {"reference": "ab " * 3_000_000, "response": "ab " * 3_000_000}


def cases(scale: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return every case, named; at scale 1 texts have up to 10 million characters."""
    n = int(10_000_000 * scale)
    for maker in (long_texts(n, random.Random(2)), brackets(n), code(n)):
        for name, text in maker:
            yield name, {"response": text}
    yield from shapes()


def timed(call: Callable[[], list[HackingSignal]]) -> tuple[float, float, str]:
    """Return CPU and wall seconds, and what was said or raised."""
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        said = ",".join(sorted({signal.kind for signal in call()}))
    except Exception as error:
        said = f"RAISED {type(error).__name__}"
    return time.process_time() - cpu, time.perf_counter() - wall, said


def measure(trajectory: dict[str, Any]) -> tuple[list[float], float, str]:
    """Return CPU seconds of `detect` and `add` and wall seconds, the peak in MB, what was said."""
    alone, wall, said = timed(lambda: RewardHackingDetector().detect(trajectory))
    member = {**trajectory, "reward": 1.0, "group_id": 1}
    in_run, _, also = timed(lambda: HackingMonitor().add(member))
    said = also if also.startswith("RAISED") else said
    peak = 0.0
    if alone < 3 * BAR:
        tracemalloc.start()
        timed(lambda: RewardHackingDetector().detect(trajectory))
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
    return [alone, in_run, wall], peak, said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--bar", type=float, default=BAR, help="seconds that a text may take")
    options = parser.parse_args()
    bad = 0
    titles = ("detect s", "add s", "wall s", "peak MB")
    print(f"{'text':<26}{'characters':>11}" + "".join(f"{t:>9}" for t in titles) + "  said")
    for name, trajectory in cases(options.scale):
        seconds, peak, said = measure(trajectory)
        fault = max(seconds[:2]) > options.bar or said.startswith("RAISED")
        bad += fault
        line = f"{name:<26}{len(trajectory['response']):>11}"
        line += "".join(f"{value:>9.3f}" for value in seconds) + f"{peak:>9.1f}  {said}"
        print(line + ("  <<<" if fault else ""), flush=True)
    print(f"{bad} over {options.bar} s or raised")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
