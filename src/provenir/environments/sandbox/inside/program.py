"""The entry that runs a whole program, as ``python program.py`` does."""

from __future__ import annotations

import sys

__all__ = ["execute"]

_NAME = "program.py"


def execute(payload: bytes, descriptors: tuple[int, ...]) -> None:
    """Run source text as `__main__`.

    Args:
        payload: The source in UTF-8; it may hold lone surrogates, which do not compile.
        descriptors: None are used.
    """
    module = type(sys)("__main__")
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    module.__file__ = _NAME
    sys.modules["__main__"] = module
    sys.argv = [_NAME]
    try:
        source = payload.decode("utf-8", "surrogatepass")
        exec(compile(source, _NAME, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - as an interpreter does
        # The first frame is this one, which a program run by itself would not show.
        trace = error.__traceback__
        own = trace and trace.tb_next
        sys.excepthook(type(error), error.with_traceback(own), own)
        raise SystemExit(1) from None
