"""Which embedder compares texts: the default, a sentence-transformers model, or any callable.

An embedder that cannot run is an error, and so are vectors that mean nothing: there is no second
choice, because a scan by another embedder than the one asked for answers another question.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from provenir.core.errors import ProvenirError, UsageError
from provenir.core.extras import require
from provenir.data.paraphrase.hashed import HashedFeatures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["DEFAULT_EMBEDDER", "THRESHOLDS", "CheckedEmbedder", "Embedder", "open_embedder"]

DEFAULT_EMBEDDER: Final = HashedFeatures.name
"""The embedder that is always there."""

THRESHOLDS: Final[dict[str, float]] = {DEFAULT_EMBEDDER: 0.3}
"""Scores at and above which a pair is a rephrasing, for the embedders for which it was measured."""

_SENTENCE_TRANSFORMERS: Final = "sentence-transformers:"
_BATCH: Final = 64

np: Any = require("data", "numpy")


class Embedder(Protocol):
    """Turns texts into vectors whose cosine says how alike the texts are."""

    @property
    def name(self) -> str:
        """What it is called in a report, with its version."""
        ...

    def embed(self, texts: list[str]) -> Any:
        """Return an array of one row for each text."""
        ...


class _Named:
    """A callable of the user's as an embedder."""

    def __init__(self, name: str, function: Callable[[list[str]], Any]) -> None:
        self.name, self.embed = name, function


class CheckedEmbedder:
    """An embedder whose vectors are checked and brought to length one.

    Args:
        embedder: What makes the vectors.

    Attributes:
        name: The embedder's name.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.name: str = embedder.name
        self._embed = embedder.embed
        self._width: int | None = None

    def unit_vectors(self, texts: Sequence[str]) -> Any:
        """Return float32 vectors of length one, a row for each text.

        Raises:
            UsageError: The embedder failed, or gave something else than one finite vector that is
                not all zero, of one width, for each text.
        """
        parts = [
            self._checked(list(texts[start : start + _BATCH]))
            for start in range(0, len(texts), _BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 0), dtype=np.float32)

    def _checked(self, texts: list[str]) -> Any:
        try:
            vectors = np.asarray(self._embed(texts), dtype=np.float64)
        except ProvenirError:
            raise
        except Exception as fault:  # it is foreign code
            raise self._error(f"failed ({type(fault).__name__}: {fault})") from fault
        if vectors.ndim != 2 or len(vectors) != len(texts) or not vectors.shape[1]:
            raise self._error(
                f"gave an array of shape {vectors.shape} for {len(texts)} texts",
                mend="return one row of numbers for each text",
            )
        if self._width is not None and vectors.shape[1] != self._width:
            raise self._error(f"gave vectors of {self._width} and of {vectors.shape[1]} numbers")
        self._width = vectors.shape[1]
        if not np.isfinite(vectors).all():
            place = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise self._error(f"gave NaN or infinity for {texts[place][:80]!r}")
        with np.errstate(over="ignore"):
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not lengths.all() or not np.isfinite(lengths).all():
            odd = ~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0)
            place = int(np.flatnonzero(odd)[0])
            raise self._error(f"gave a vector without a direction for {texts[place][:80]!r}")
        return (vectors / lengths).astype(np.float32)

    def _error(self, what: str, mend: str | None = None) -> UsageError:
        return UsageError(f"the embedder {self.name} {what}", where="embedder", mend=mend)


def open_embedder(spec: str | Callable[[list[str]], Any], items: Sequence[str]) -> CheckedEmbedder:
    """Return the embedder that is meant by a name or a callable.

    Args:
        spec: `DEFAULT_EMBEDDER`; ``sentence-transformers:NAME`` with a model's folder or the name
            of one that is in the local cache; or a callable ``list[str] -> array (n, d)``.
        items: The eval items; the default embedder takes its document frequencies from them.

    Raises:
        UsageError: No such embedder, or its model is not on this machine.
        MissingExtraError: sentence-transformers is not installed.
    """
    if callable(spec):
        name = getattr(spec, "__qualname__", type(spec).__qualname__)
        module = getattr(spec, "__module__", None) or type(spec).__module__
        return CheckedEmbedder(_Named(f"callable:{module}.{name}", spec))
    if spec == DEFAULT_EMBEDDER:
        return CheckedEmbedder(HashedFeatures(items))
    if str(spec).startswith(_SENTENCE_TRANSFORMERS):
        return CheckedEmbedder(_sentence_transformer(str(spec)))
    raise UsageError(
        f"no embedder is called {spec!r}",
        where="embedder",
        mend=f"{DEFAULT_EMBEDDER}, {_SENTENCE_TRANSFORMERS}NAME, or a callable",
    )


def _sentence_transformer(spec: str) -> Embedder:
    model_name = spec.removeprefix(_SENTENCE_TRANSFORMERS)
    if not model_name:
        raise UsageError("the model is not named", where=spec, mend=f"{_SENTENCE_TRANSFORMERS}NAME")
    library = require("embedding", "sentence_transformers")
    try:
        # Nothing is fetched here: what a model is must not depend on who answers on the network.
        model = library.SentenceTransformer(model_name, local_files_only=True)
    except Exception as fault:
        raise UsageError(
            f"the model {model_name} cannot be loaded from this machine ({type(fault).__name__})",
            where="embedder",
            mend="give the folder of a saved model, or download it into the local cache first",
        ) from fault

    def encode(texts: list[str]) -> Any:
        return model.encode(texts, batch_size=_BATCH, show_progress_bar=False)

    # A report says which model it was, not where on this machine its folder lies.
    folder = Path(model_name)
    shown = folder.resolve().name if folder.is_dir() else model_name
    return _Named(_SENTENCE_TRANSFORMERS + shown, encode)
