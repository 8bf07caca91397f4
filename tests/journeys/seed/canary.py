from provenir.eval.canary import CanaryGuard

guard = CanaryGuard()
canary = guard.mint("mmlu-private")  # deterministic, reproducible token

# Embed the canary into each private-eval record before you distribute it:
tagged_eval = guard.tag(eval_dataset, canary)

# Later, scan any training corpus for the leaked canary:
leaked_rows = guard.scan(train_dataset, canary)
if leaked_rows:
    raise RuntimeError(f"Private eval leaked into training at rows {leaked_rows}")
