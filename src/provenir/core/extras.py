"""Optional dependencies: what they are called and how they are asked for.

A foreign project owns the name `provenir` on the public package index, so the install line is the
one for a checkout, and it is built in this one place.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Final

from provenir.core.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["EXTRAS", "available", "install_line", "require"]

_INSTALL_BASE: Final = "pip install -e ."
_INSTALL_EXTRA: Final = "pip install -e '.[{extra}]'"

EXTRAS: Final[dict[str, str]] = {
    "data": "arrays and kernels over datasets (numpy, numba, and all of files)",
    "demo": "everything that the demonstration run needs (train, data, report)",
    "embedding": "sentence embeddings for paraphrases (sentence-transformers, and all of data)",
    "files": "Parquet and zstd files (pyarrow, zstandard)",
    "math": "symbolic comparison of mathematical answers (math-verify)",
    "oms": "OpenSSF's verifier for model signing exports (model-signing, pyOpenSSL)",
    "ray": "scans spread over a Ray cluster (ray, and all of data)",
    "regex": "formats matched in linear time (google-re2)",
    "report": "charts in the HTML page (altair, vl-convert-python)",
    "tensorboard": "importing TensorBoard's event files (tensorboard)",
    "train": "training with TRL (torch, transformers, trl, datasets, peft, safetensors)",
}
"""Extras of the package and what each is for."""


def install_line(extra: str | None = None) -> str:
    """Return the command that installs the package, to be run in the checkout.

    Args:
        extra: Which of the extras comes with it; None for the base alone.

    Raises:
        UsageError: There is no such extra.
    """
    if extra is None:
        return _INSTALL_BASE
    if extra not in EXTRAS:
        raise UsageError(f"no extra is called {extra!r}", mend=f"one of {', '.join(EXTRAS)}")
    return _INSTALL_EXTRA.format(extra=extra)


def available(*modules: str) -> bool:
    """Say whether modules can be found, without importing any but their parent packages."""
    for module in modules:
        try:
            if importlib.util.find_spec(module) is None:
                return False
        except (ImportError, ValueError):
            return False
    return True


def require(extra: str, *modules: str) -> ModuleType:
    """Import modules that belong to an extra and return the first of them.

    Args:
        extra: The extra that brings them; a key of `EXTRAS`.
        modules: Dotted module names, at least one.

    Raises:
        MissingExtraError: One of them is missing or broken; the message holds the install line.
        UsageError: No module named, or no such extra.
    """
    line = install_line(extra)
    if not modules:
        raise UsageError("require() needs the name of a module")
    imported = []
    for module in modules:
        try:
            imported.append(importlib.import_module(module))
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"{error.name or module} is not installed", mend=line
            ) from error
        except ImportError as error:
            raise MissingExtraError(
                f"{module} is installed but cannot be imported ({error})", mend=line
            ) from error
    return imported[0]
