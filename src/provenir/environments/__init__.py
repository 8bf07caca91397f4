"""Environments: what a completion is worth, and what is known about its code before it is run.

Verifiers score one response against one reference; `verify_many`, `as_reward` and `as_verl_score`
bring them to batches and trainers. `analyse` finds the code in a completion and reads it; `RULES`
says what it looks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.core.protocols import VerificationResult, Verifier
    from provenir.environments.adapters import as_reward, as_verl_score
    from provenir.environments.batch import averify_many, verify_many
    from provenir.environments.code.rules import RULES, Rule
    from provenir.environments.code_analysis import CodeAnalysis, CodeFinding, analyse
    from provenir.environments.held_out import HeldOutTests
    from provenir.environments.sandbox.config import SandboxConfig
    from provenir.environments.sandbox.python_sandbox import PythonSandbox
    from provenir.environments.verifiers.code import CodeVerifier
    from provenir.environments.verifiers.composite import CompositeVerifier
    from provenir.environments.verifiers.contains import ContainsVerifier
    from provenir.environments.verifiers.exact import ExactAnswerVerifier
    from provenir.environments.verifiers.json_schema import JSONSchemaVerifier
    from provenir.environments.verifiers.math.verifier import MathVerifier
    from provenir.environments.verifiers.regex_format import RegexFormatVerifier
    from provenir.environments.verifiers.registry import VERIFIERS
    from provenir.environments.verifiers.tool_call import ToolCallVerifier

_EXPORTS = {
    "RULES": "provenir.environments.code.rules",
    "VERIFIERS": "provenir.environments.verifiers.registry",
    "CodeAnalysis": "provenir.environments.code_analysis",
    "CodeFinding": "provenir.environments.code_analysis",
    "CodeVerifier": "provenir.environments.verifiers.code",
    "CompositeVerifier": "provenir.environments.verifiers.composite",
    "ContainsVerifier": "provenir.environments.verifiers.contains",
    "ExactAnswerVerifier": "provenir.environments.verifiers.exact",
    "HeldOutTests": "provenir.environments.held_out",
    "JSONSchemaVerifier": "provenir.environments.verifiers.json_schema",
    "MathVerifier": "provenir.environments.verifiers.math.verifier",
    "PythonSandbox": "provenir.environments.sandbox.python_sandbox",
    "RegexFormatVerifier": "provenir.environments.verifiers.regex_format",
    "Rule": "provenir.environments.code.rules",
    "SandboxConfig": "provenir.environments.sandbox.config",
    "ToolCallVerifier": "provenir.environments.verifiers.tool_call",
    "VerificationResult": "provenir.core.protocols",
    "Verifier": "provenir.core.protocols",
    "analyse": "provenir.environments.code_analysis",
    "as_reward": "provenir.environments.adapters",
    "as_verl_score": "provenir.environments.adapters",
    "averify_many": "provenir.environments.batch",
    "verify_many": "provenir.environments.batch",
}

__all__ = [
    "RULES",
    "VERIFIERS",
    "CodeAnalysis",
    "CodeFinding",
    "CodeVerifier",
    "CompositeVerifier",
    "ContainsVerifier",
    "ExactAnswerVerifier",
    "HeldOutTests",
    "JSONSchemaVerifier",
    "MathVerifier",
    "PythonSandbox",
    "RegexFormatVerifier",
    "Rule",
    "SandboxConfig",
    "ToolCallVerifier",
    "VerificationResult",
    "Verifier",
    "analyse",
    "as_reward",
    "as_verl_score",
    "averify_many",
    "verify_many",
]

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
