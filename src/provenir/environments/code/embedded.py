"""Code that Python code runs: `exec` of strings, commands given to a shell."""

from __future__ import annotations

import ast
import re
import shlex
from typing import TYPE_CHECKING, Final

from provenir.environments.code.hits import Embedded, Hit
from provenir.environments.code.values import Const
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Call, Reading

__all__ = ["run_sources"]

_RUNNERS: Final = words(
    "builtins.exec builtins.eval builtins.compile code.InteractiveInterpreter.runcode"
)
_SHELLS: Final = words(
    "os.system os.popen subprocess.run subprocess.call subprocess.check_call "
    "subprocess.check_output subprocess.Popen subprocess.getoutput subprocess.getstatusoutput "
    "asyncio.create_subprocess_shell pty.spawn os.execvp os.execv os.execlp os.execl "
    "asyncio.create_subprocess_exec IPython.get_ipython.system commands.getoutput"
)
_MOST_NAMES: Final = 4
_MAKERS: Final = words("types.FunctionType types.LambdaType types.CodeType types.MethodType")
_TURNERS: Final = words("replace translate fromhex swapcase")
_PICKLED: Final = re.compile(r"_exit|c(?:os|posix|sys|subprocess|builtins|__builtin__)\n\w")
_DECODERS: Final = words(
    "base64.b64decode base64.b32decode base64.b16decode base64.b85decode base64.a85decode "
    "base64.urlsafe_b64decode base64.decodebytes codecs.decode zlib.decompress marshal.loads "
    "bytes.fromhex builtins.bytes.fromhex builtins.bytes builtins.bytearray builtins.chr "
    "binascii.unhexlify binascii.a2b_hex binascii.a2b_base64 gzip.decompress bz2.decompress "
    "lzma.decompress pickle.loads"
)


def run_sources(reading: Reading) -> Iterator[Hit | Embedded]:
    """The code that a program runs from strings, and strings that hide what they are."""
    decoders = _Decoders(reading)
    for call in reading.calls:
        if call.name in _RUNNERS and call.args:
            yield from _executed(reading, call, decoders)
        elif call.name in _MAKERS and call.args:
            decoder = decoders.name(call.scope, call.args[0])
            if decoder:
                what = f"a function is made of what {decoder} gives"
                yield reading.hit("hidden_code", call.node, what)
        elif call.name in _SHELLS:
            yield from _commanded(reading, call)
        elif call.name in {"pickle.loads", "marshal.loads"} and call.args:
            data = reading.text_of(call.args[0], call.scope)
            if _PICKLED.search(data):
                yield reading.hit("hidden_code", call.node, f"{call.name} of a call")


def _executed(reading: Reading, call: Call, decoders: _Decoders) -> Iterator[Hit | Embedded]:
    given = call.args[0]
    found = reading.names.value(given, call.scope)
    start, end = reading.span(call.node)
    if isinstance(found, Const):
        source = reading.names.text(given, call.scope)
        plain = isinstance(given, ast.Constant) or _is_plain_name(call, given)
        if isinstance(found.value, bytes) and source:
            source = found.value.decode("utf-8", "replace")
        if source.strip():
            decoder = "" if plain else decoders.name(call.scope, given, turned=True)
            if decoder:
                yield reading.hit("hidden_code", call.node, f"{call.name} of what {decoder} gives")
            yield Embedded(
                source=source, language="python", start=start, end=end, decoded=bool(decoder)
            )
        return
    decoder = decoders.name(call.scope, given)
    if decoder:
        yield reading.hit("hidden_code", call.node, f"{call.name} of what {decoder} gives")


def _is_plain_name(call: Call, node: ast.expr) -> bool:
    if not isinstance(node, ast.Name):
        return False
    found = call.scope.lookup(node.id)
    return found is not None and all(isinstance(item, ast.Constant) for item in found[0])


class _Decoders:
    """Finds the decoder that an expression goes through; each name is followed once."""

    __slots__ = ("_known", "_reading")

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: dict[tuple[str, Scope, bool], str] = {}

    def name(self, scope: Scope, node: ast.AST, *, turned: bool = False, depth: int = 0) -> str:
        """The name of a decoder that an expression goes through, empty where there is none."""
        for item in ast.walk(node):
            found = ""
            if isinstance(item, ast.Call):
                called = self._reading.names.name(item.func, scope)
                if called in _DECODERS:
                    found = called
                elif turned and isinstance(item.func, ast.Attribute) and item.func.attr in _TURNERS:
                    found = item.func.attr
            elif turned and isinstance(item, ast.Slice) and item.step is not None:
                found = "a slice"
            elif isinstance(item, ast.Name) and depth < _MOST_NAMES:
                found = self._of_name(scope, item.id, turned=turned, depth=depth + 1)
            if found:
                return found
        return ""

    def _of_name(self, scope: Scope, name: str, *, turned: bool, depth: int) -> str:
        key = (name, scope, turned)
        if key not in self._known:
            self._known[key] = ""  # what is bound to itself leads nowhere new
            found = scope.lookup(name)
            bindings = (item for item in (found[0] if found else ()) if isinstance(item, ast.expr))
            through = (self.name(scope, item, turned=turned, depth=depth) for item in bindings)
            self._known[key] = next(filter(None, through), "")
        return self._known[key]


def _commanded(reading: Reading, call: Call) -> Iterator[Embedded]:
    given = reading.argument(call, 0, "args", "cmd", "command")
    if given is None:
        return
    start, end = reading.span(call.node)
    text = reading.text_of(given, call.scope)
    if not text and isinstance(given, ast.List | ast.Tuple):
        parts = [reading.text_of(item, call.scope) or "?" for item in given.elts]
        text = " ".join(_quoted(word) for word in parts)
    elif not text:
        text = _joined(reading, given, call)
    if call.name.startswith("os.exec") and len(call.args) > 1:
        rest = call.args[1]
        items = rest.elts[1:] if isinstance(rest, ast.List | ast.Tuple) else call.args[2:]
        text = " ".join([text, *(_quoted(reading.text_of(i, call.scope) or "?") for i in items)])
    if text:
        yield Embedded(source=text, language="shell", start=start, end=end)


def _joined(reading: Reading, node: ast.expr, call: Call) -> str:
    """The known parts of a command that is put together."""
    if isinstance(node, ast.JoinedStr):
        parts = [
            reading.text_of(part, call.scope)
            if isinstance(part, ast.Constant)
            else reading.text_of(part.value, call.scope) or "?"
            for part in node.values
            if isinstance(part, ast.Constant | ast.FormattedValue)
        ]
        return "".join(parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left = reading.text_of(node.left, call.scope) or _joined(reading, node.left, call)
        return left + (reading.text_of(node.right, call.scope) or "?")
    return ""


def _quoted(word: str) -> str:
    return shlex.quote(word)
