import provenir

with provenir.track("my-run", dataset=train_ds) as run:
    for step, metrics in enumerate(training_loop()):
        run.log_step(metrics)  # feeds the flight recorder
    run.record_eval("mmlu", score=0.71)

# Everything the trust layer produced is available on `run` after exit:
manifest = run.manifest  # content-addressed RunManifest
flight_recorder = run.flight_recorder  # FlightRecorder with per-step anomalies
hacking_report = run.hacking_report  # HackingReport over buffered trajectories
lineage = run.lineage  # LineageGraph (dataset -> run -> eval)
bom = run.bom  # ModelBOM (bill of materials)
passport = run.passport  # signed ModelPassport, or None if unsigned
anomalies = run.anomalies  # list[Anomaly] the flight recorder caught
