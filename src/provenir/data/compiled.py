"""Whether kernels run compiled, decided once and in this one place.

With numba, a kernel is compiled on first use and its machine code kept on disk, so that the next
process only loads it. Without numba, or with `PROVENIR_NO_NUMBA=1` in the environment, kernels stay
plain Python functions, and the modules that hold them choose the numpy versions that give the same
answers (`COMPILED` tells).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from provenir.core.extras import available

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COMPILED", "Array", "address", "jit"]

Array: TypeAlias = Any
"""A numpy array; shape and type stand in the docstrings, where the type checker cannot follow."""

F = TypeVar("F", bound="Callable[..., Any]")

COMPILED: Final = os.environ.get("PROVENIR_NO_NUMBA", "") != "1" and available("numba")
"""Whether kernels are machine code."""


def address(array: Array) -> Any:
    """Return where an array lies in memory, for kernels that take arrays of any kind.

    Unsigned, for numba adds signed and unsigned numbers as floats. The array must outlive the call.
    """
    import numpy as np

    return np.uint64(array.ctypes.data)


def jit(function: F) -> F:
    """Compile a kernel that releases the interpreter's lock and whose code is kept on disk.

    Whatever varies between calls must be an argument: a closure over values would be compiled anew
    by every process.

    Args:
        function: code that numba understands, and that gives the same answer in plain Python.

    Returns:
        The compiled function, or the function as it is where `COMPILED` is false.
    """
    if not COMPILED:
        return function
    from numba import njit

    compiled: F = njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled
