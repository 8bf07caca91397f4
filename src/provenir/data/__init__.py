"""The data room: training rows from lists, files and data set libraries, and their identity.

`Dataset` takes a source and what its owner declares about it; `Dataset.identity` reads it once,
in a memory that does not grow with the data, and gives the same root for the same rows whatever
container they come in. Streams are never consumed: their identity is unknown, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.data.dataset import Dataset, as_dataset
    from provenir.data.identity import DatasetIdentity
    from provenir.data.reading import FileIdentity

__all__ = ["Dataset", "DatasetIdentity", "FileIdentity", "as_dataset"]

_EXPORTS = {
    "Dataset": "provenir.data.dataset",
    "DatasetIdentity": "provenir.data.identity",
    "FileIdentity": "provenir.data.reading",
    "as_dataset": "provenir.data.dataset",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
