with provenir.track(
    "my-run",
    dataset=train_ds,
    base_model="Qwen2.5-7B",
    sign_passport=True,
    signing_key=b"team-signing-key",
    output_dir="artifacts/my-run",
) as run:
    for step, metrics in enumerate(training_loop()):
        run.log_step(metrics)
        run.log_trajectory({"prediction": last_response, "reward": reward})
    run.record_eval("gsm8k", score=0.71)

assert run.passport is not None
assert run.passport.verify(b"team-signing-key")
