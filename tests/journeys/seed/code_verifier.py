from provenir.environments import CodeVerifier

code_verifier = CodeVerifier()
result = code_verifier.verify(candidate_solution, {"test_code": unit_tests})
