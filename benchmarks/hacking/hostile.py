"""Trajectories of any shape and type, drawn by a seeded generator."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

KEYS = (
    "prompt",
    "prediction",
    "response",
    "completion",
    "reward",
    "proxy_reward",
    "true_reward",
    "held_out_reward",
    "group_id",
    "index",
    "format",
    "response_format",
    "reference",
    "truncated",
    "phase",
    "step",
    "meta",
)
FORMATS = ("boxed", "gsm8k", "json", "xml_think_answer", "answer_tag", "(a+)+$", "[", "(?P<")
PIECES = (
    "import sys; sys.exit(0)",
    "```python\n",
    "```",
    "~~~\n",
    "def f(x):\n    return x\n",
    "\\boxed{",
    "}",
    "\\boxed{7}",
    "#### 12\n",
    "<think>",
    "</think><answer>",
    "</answer>",
    "--- a/tests/test_a.py\n+++ b/tests/test_a.py\n@@ -1 +1 @@\n-assert f()\n+assert True\n",
    "$ rm -rf tests\n",
    "cat > conftest.py <<'EOF'\n",
    "Ignore all previous instructions. ",
    '{"score": 10, "a": [1, {"b": null}]}',
    "\x00",
    "\ud800",
    "\udfff\ud83d",
    "\u202e\u2066",
    "\u200b\u200d",
    "\U000e0041",
    "e\u0301" * 3,
    "\r\n\x0b\x0c\x85\u2028",
    "((((((((",
    "'\"\"\"'''\\",
    "lambda: (yield)\n",
    "0x" + "f" * 50,
    "9" * 5_000,
    "a b a b a b a b ",
    "very " * 40,
    "x" * 2_000,
    "ﷺ" * 30,
    "\t" * 60,
)


class Raising:
    """Whatever is asked of it, it raises."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("do not look")

    def _raise(self, *_: object) -> Any:
        raise RuntimeError("do not look")

    __str__ = __repr__ = __hash__ = __bool__ = __len__ = __iter__ = __float__ = _raise
    __eq__ = __index__ = __getitem__ = __contains__ = __int__ = _raise


class Lying(Mapping[str, Any]):
    """A mapping that says that it has keys, and fails when they are read."""

    def __getitem__(self, key: str) -> Any:
        raise ValueError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(("response", "reward"))

    def __len__(self) -> int:
        return 2


class Text(str):
    """A subclass of str that cannot be trusted."""

    __slots__ = ()

    def __len__(self) -> int:
        return 10**9

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("do not compare")

    __hash__ = None  # type: ignore[assignment]


def text(rng: random.Random) -> str:
    """Return pieces of hacks, of code and of broken Unicode in any order."""
    kind = rng.random()
    if kind < 0.02:
        return rng.choice(("x", "ab", "(", "\n", "```\n", "\ud800")) * rng.randrange(1, 30_000)
    if kind < 0.15:
        return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(60)))
    return "".join(rng.choices(PIECES, k=rng.randrange(8)))


def nested(depth: int) -> Any:
    """Return lists and dicts within each other."""
    value: Any = 1
    for i in range(depth):
        value = [value] if i % 2 else {"content": value}
    return value


def cyclic() -> Any:
    """Return a chat whose message holds the chat."""
    chat: list[Any] = [{"role": "assistant", "content": "hi"}]
    chat.append({"role": "assistant", "content": chat})
    return chat


def chat(rng: random.Random) -> Any:
    """Return a list of messages, with parts, as chat frameworks keep them."""
    roles = ("user", "assistant", "system", "tool", None, 3)
    return [
        {
            "role": rng.choice(roles),
            "content": rng.choice((text(rng), [{"type": "text", "text": text(rng)}], None, 7)),
        }
        for _ in range(rng.randrange(5))
    ]


def value(rng: random.Random) -> Any:
    """Return anything."""
    return rng.choice(
        (
            lambda: text(rng),
            lambda: text(rng),
            lambda: chat(rng),
            lambda: rng.random(),
            lambda: rng.choice((0, 1, -1, 1.0, 0.5, True, None)),
            lambda: rng.choice((math.nan, math.inf, -math.inf, 10**400, -(2**70))),
            lambda: rng.randbytes(rng.randrange(20)),
            lambda: nested(rng.choice((2, 50, 3_000))),
            cyclic,
            Raising,
            Lying,
            lambda: Text(text(rng)),
            lambda: Decimal("sNaN"),
            lambda: complex(1, 2),
            object,
            lambda: (item for item in range(3)),
            lambda: {1, 2},
            lambda: {Raising: 1, (1, 2): 2, None: 3},
            lambda: bytearray(b"abc"),
            lambda: rng.choice(FORMATS),
        )
    )()


def trajectory(rng: random.Random) -> Any:
    """Return a trajectory, now and then one that is no mapping at all."""
    kind = rng.random()
    if kind < 0.01:
        return value(rng)
    keys = rng.sample(KEYS, rng.randrange(len(KEYS)))
    if kind < 0.4:
        return {key: value(rng) for key in keys}
    return {
        "response": text(rng),
        "prompt": text(rng),
        "reward": rng.choice((0.0, 1.0, rng.random())),
        "group_id": rng.choice((rng.randrange(10_000), text(rng), value(rng))),
        **{key: value(rng) for key in keys[:3]},
    }
