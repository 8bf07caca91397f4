"""Functions by their effect: what ends a process or a test, and what nobody outside notices."""

from __future__ import annotations

from typing import Final

from provenir.environments.code.words import words

__all__ = [
    "ABRUPT",
    "CALLING",
    "CATCHES_EXIT",
    "ENDS",
    "EXITS",
    "QUIET_METHODS",
    "RAISED",
    "SKIPS",
    "is_quiet",
]

EXITS: Final = frozenset(
    {
        "sys.exit",
        "os._exit",
        "builtins.exit",
        "builtins.quit",
        "os.abort",
        "builtins.SystemExit",
        "ctypes.libc.exit",
        "ctypes.libc._exit",
        "ctypes.libc.quick_exit",
        "ctypes.pythonapi.Py_Exit",
    }
)
"""What ends a process."""

SKIPS: Final = frozenset(
    {
        "unittest.SkipTest",
        "unittest.case.SkipTest",
        "pytest.skip",
        "pytest.skip.Exception",
        "pytest.exit",
        "_pytest.outcomes.Skipped",
        "_pytest.outcomes.skip",
        "_pytest.outcomes.Exit",
        "_pytest.outcomes.exit",
    }
)
"""What ends a test without a verdict."""

RAISED: Final = frozenset(
    {
        "builtins.SystemExit",
        "unittest.SkipTest",
        "unittest.case.SkipTest",
        "pytest.skip.Exception",
        "_pytest.outcomes.Skipped",
        "_pytest.outcomes.Exit",
    }
)
ENDS: Final = (EXITS | SKIPS) - RAISED

ABRUPT: Final = frozenset({"os._exit", "os.abort", "ctypes.libc._exit", "ctypes.libc.quick_exit"})
CATCHES_EXIT: Final = frozenset({"builtins.BaseException", "builtins.SystemExit"})
_QUIET_BUILTINS: Final = words(
    "abs all any ascii bin bool bytearray bytes callable chr classmethod complex dict dir divmod "
    "enumerate filter float format frozenset getattr globals hasattr hash hex id int isinstance "
    "issubclass iter len list locals map max memoryview min next object oct ord pow property "
    "range repr reversed round set setattr slice sorted staticmethod str sum super tuple type "
    "vars zip ValueError TypeError RuntimeError Exception KeyError IndexError AssertionError "
    "StopIteration NotImplementedError SystemExit BaseException __import__"
)
_QUIET_MODULES: Final = words(
    "abc array ast ctypes base64 bisect builtins cmath collections contextlib copy dataclasses "
    "datetime decimal enum fractions functools heapq importlib inspect itertools json logging "
    "math numbers numpy operator os platform random re statistics string struct sys textwrap time "
    "types typing typing_extensions unicodedata warnings atexit gc signal"
)
_LOUD: Final = words(
    "os.system os.remove os.unlink os.popen os.kill os.fork os.mkdir os.makedirs os.rename "
    "os.write sys.stdout.write sys.stderr.write sys.stdin.read sys.stdin.readline time.sleep "
    "logging.info logging.debug logging.warning logging.error json.dump json.load os.listdir "
    "os.walk inspect.stack importlib.reload sys.stdout.flush os.rmdir os.replace os.execv"
)
QUIET_METHODS: Final = words(
    "add append appendleft copy count decode encode endswith extend find format get index insert "
    "items join keys lower lstrip pop popleft remove replace rstrip setdefault sort split "
    "startswith strip title union update upper values zfill reverse discard clear"
)
CALLING: Final = frozenset(
    f"builtins.{name}" for name in ("map", "filter", "sorted", "max", "min", "any", "all", "list")
)


def is_quiet(name: str) -> bool:
    """Whether calling the function of this full name has no effect that anybody outside sees."""
    head, _, rest = name.partition(".")
    if head == "builtins":
        return rest.partition(".")[0] in _QUIET_BUILTINS
    return head in _QUIET_MODULES and name not in _LOUD
