"""Licences of datasets: which of the owner's words are an SPDX identifier.

The base install carries no licence list. The identifiers below are those that data sets and models
are published under most; any other text is exported as the owner's own words, never as an
identifier.
"""

from __future__ import annotations

from typing import Final

from provenir.governance.risk import licence_is_known

__all__ = ["own_words", "spdx_id"]

# SPDX License List: https://spdx.org/licenses/
# fmt: off
_IDENTIFIERS: Final = (
    "AFL-3.0",
    "AGPL-3.0-only",
    "AGPL-3.0-or-later",
    "Apache-2.0",
    "Artistic-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "C-UDA-1.0",
    "CC-BY-2.0",
    "CC-BY-2.5",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-2.0",
    "CC-BY-NC-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-ND-4.0",
    "CC-BY-NC-SA-3.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-ND-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0",
    "CDLA-Sharing-1.0",
    "ECL-2.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "GFDL-1.3-only",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-only",
    "GPL-3.0-or-later",
    "ISC",
    "LGPL-2.1-only",
    "LGPL-3.0-only",
    "LGPL-3.0-or-later",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "MS-PL",
    "NCSA",
    "O-UDA-1.0",
    "ODbL-1.0",
    "ODC-By-1.0",
    "OSL-3.0",
    "PDDL-1.0",
    "PostgreSQL",
    "Unlicense",
    "WTFPL",
    "Zlib",
)
# fmt: on
# SPDX 2.3 annex D.2: identifiers are matched without regard to case.
_BY_LOWER: Final = {identifier.lower(): identifier for identifier in _IDENTIFIERS}


def spdx_id(text: str | None) -> str | None:
    """The SPDX identifier that a licence is, or None when it is not one of the known ones."""
    return None if text is None else _BY_LOWER.get(text.strip().lower())


def own_words(text: str | None) -> str | None:
    """The licence as its owner wrote it, or None when nobody knows it or it is an identifier."""
    if text is None or not licence_is_known(text) or spdx_id(text) is not None:
        return None
    return text
