"""The choice of `provenir.data.compiled`, under the name that overlap knows it by."""

from __future__ import annotations

from provenir.data.compiled import COMPILED, Array, address, jit

__all__ = ["COMPILED", "Array", "address", "jit"]
