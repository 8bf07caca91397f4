"""Keep the training libraries from talking into the demo's own display."""

from __future__ import annotations

import logging
import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["quiet_libraries", "stay_offline"]

CHATTY: Final = ("accelerate", "datasets", "torch", "transformers", "trl")


def stay_offline() -> None:
    """Tell the hub's client, before it is imported, that there is no hub."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence notices and progress bars of the libraries; their errors still come through.

    Raises:
        MissingExtraError: they are not installed.
    """
    transformers: Any = require("train", "transformers", "transformers.utils.logging")
    datasets: Any = require("train", "datasets")
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    loggers = [logging.getLogger(name) for name in CHATTY]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        transformers.utils.logging.enable_progress_bar()
        datasets.enable_progress_bars()
