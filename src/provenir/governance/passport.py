"""The public door to Model Passports: sign one, read one, keep them.

>>> from provenir.governance.bom import ModelBOM
>>> passport = PassportSigner(key=b"team-signing-key", key_id="team").sign(
...     ModelBOM(model_id="my-model")
... )
>>> bool(passport.verify(b"team-signing-key")), bool(passport.verify(b"another"))
(True, False)
"""

from __future__ import annotations

from provenir.governance.model_passport import ModelPassport
from provenir.governance.signing import PassportSigner
from provenir.governance.store import PassportStore

__all__ = ["ModelPassport", "PassportSigner", "PassportStore"]
