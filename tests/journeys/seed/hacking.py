from provenir.observability import RewardHackingDetector

detector = RewardHackingDetector()

# One trajectory:
signals = detector.detect({
    "prediction": "import sys; sys.exit(0) # skip failing tests",
    "proxy_reward": 1.0,
    "true_reward": 0.0,
})
print([s.kind for s in signals])  # ['test_tampering', 'proxy_divergence']

# A batch of rollouts -> a HackingReport:
report = detector.detect_batch(rollouts)  # rollouts: list[dict] with prediction/reward
if not report.is_clean:
    for signal in report.signals:
        print(f" - {signal.kind}: {signal.detail}")
    print(f"hacking rate: {report.hacking_rate:.1%}")
    print(report.by_kind())  # {'test_tampering': 3, 'proxy_divergence': 1}

# Group degeneracy (all rewards equal -> zero advantage):
group_signals = detector.detect_group([0.5, 0.5, 0.5, 0.5])  # advantage_collapse
