from provenir.environments import (
    MathVerifier,
    RegexFormatVerifier,
    CompositeVerifier,
)

verifier = CompositeVerifier([
    (MathVerifier(), 0.7),
    (RegexFormatVerifier(pattern=r"\\boxed\{.*\}", full_match=False), 0.3),
])
result = verifier.verify(model_output, gold_answer)  # (response, reference)
print(result.passed, result.reward, result.detail)
