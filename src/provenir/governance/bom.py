"""The bill of materials: what data, code, evals and settings made a model.

`ModelBOM` is the document behind a Model Passport. It states what is known and derives its risk
flags from nothing but itself, so that everyone who reads it comes to the same flags.

    >>> bom = ModelBOM(model_id="my-model", evals=[EvalComponent(benchmark="gsm8k", score=0.71)])
    >>> bom.risk_flags()
    ['unknown_code', 'unknown_data']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from provenir.core.document import Document
from provenir.governance.components import (
    ArtifactComponent,
    CodeComponent,
    DataComponent,
    EvalComponent,
    Few,
    FlightSummary,
    HackingSummary,
    Name,
    PlainMapping,
    RunSummary,
)
from provenir.governance.risk import RULES_VERSION, RiskFlag, risks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ArtifactComponent",
    "CodeComponent",
    "DataComponent",
    "EvalComponent",
    "FlightSummary",
    "HackingSummary",
    "ModelBOM",
    "RunSummary",
]


class ModelBOM(Document):
    """A model's inventory of components.

    Attributes:
        model_id: What the model is called.
        base_model: What it was trained from.
        run_id: The run that made it, None when it was not a tracked run.
        data: Datasets, training and evaluation.
        code: The code that ran; None raises `unknown_code`.
        evals: Scores.
        hyperparameters: JSON values; numpy scalars, paths and enums are turned into them.
        artifacts: Model folders and adapters that came out.
        run: How the run went; None for a list made by hand.
        flight: What the flight recorder saw.
        hacking: What the reward-hacking report says.
    """

    schema_version: Literal["model-bom/1"] = "model-bom/1"
    model_id: Name
    base_model: Name = "unknown"
    run_id: Name | None = None
    data: Few[DataComponent] = Field(default_factory=list)
    code: CodeComponent | None = None
    evals: Few[EvalComponent] = Field(default_factory=list)
    hyperparameters: PlainMapping = Field(default_factory=dict)
    artifacts: Few[ArtifactComponent] = Field(default_factory=list)
    run: RunSummary | None = None
    flight: FlightSummary | None = None
    hacking: HackingSummary | None = None

    @field_validator("artifacts")
    @classmethod
    def _one_name_each(cls, artifacts: Sequence[ArtifactComponent]) -> Sequence[ArtifactComponent]:
        names = [artifact.name for artifact in artifacts]
        if len(set(names)) < len(names):
            raise ValueError("two artifacts have one name")
        return artifacts

    def risks(self, rules: int = RULES_VERSION) -> tuple[RiskFlag, ...]:
        """Every raised flag with the component that raised it, by that version of the rules."""
        return risks_of(self, rules)

    def risk_flags(self, rules: int = RULES_VERSION) -> list[str]:
        """Names of the raised flags, each once, in the order of `risk.RISK_RULES`."""
        return list(dict.fromkeys(risk.name for risk in self.risks(rules)))
