from provenir.observability import FlightRecorder, RLStepMetrics

recorder = FlightRecorder()

for step, batch in enumerate(rl_loop()):
    anomalies = recorder.log_step(RLStepMetrics(
        step=step,
        kl=batch.kl,
        entropy=batch.entropy,
        reward_mean=batch.reward_mean,
        reward_std=batch.reward_std,
        advantage_std=batch.advantage_std,
        response_length_mean=batch.mean_response_length,
        grad_norm=batch.grad_norm,
    ))
    for a in anomalies:  # anomalies detected on THIS step
        print(f"[step {a.step}] {a.severity} {a.kind}: {a.detail}")

# `anomalies` is also a property holding everything caught so far:
for a in recorder.anomalies:
    print(a.kind, a.detail)

print(recorder.health_report())  # HEALTHY / DEGRADED / CRITICAL summary
summary = recorder.summary()  # counts by kind/severity + final metrics
