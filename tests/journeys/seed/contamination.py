from provenir.eval.contamination import ContaminationChecker, ContaminationConfig

checker = ContaminationChecker(ContaminationConfig(method="ngram"))
report = checker.check_datasets(train_dataset, eval_dataset)
print(f"{report.contamination_rate:.1%} contaminated across {len(report.hits)} hits")
for hit in report.hits:
    print(f" train#{hit.train_index} <-> eval#{hit.eval_index} ({hit.method})")
clean_train = checker.filter_contaminated(train_dataset, report)
