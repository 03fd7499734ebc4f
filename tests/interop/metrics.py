"""scikit-learn computes our metrics from the same predictions, equal to 1e-9."""

import json

from common import folder, report
from sklearn import metrics

for path in sorted(folder().glob("*.json")):
    case = json.loads(path.read_text())
    truth, answer = case["truth"], case["answer"]
    if case["task"] == "classify":
        precision, recall, f1, support = metrics.precision_recall_fscore_support(
            truth, answer, labels=case["labels"], zero_division=0
        )
        expected = {
            "accuracy": metrics.accuracy_score(truth, answer),
            "macro_f1": metrics.f1_score(truth, answer, average="macro", zero_division=0),
            "log_loss": metrics.log_loss(truth, case["probabilities"], labels=case["labels"]),
        }
        for i, row in enumerate(case["per_class"]):
            wanted = [precision[i], recall[i], f1[i], support[i]]
            found = [row["precision"], row["recall"], row["f1"], row["support"]]
            assert all(abs(a - b) <= 1e-9 for a, b in zip(found, wanted)), (path.name, row, wanted)
        confusion = metrics.confusion_matrix(truth, answer, labels=case["labels"]).tolist()
        assert case["confusion"] == confusion, path.name
    else:
        expected = {
            "r2": metrics.r2_score(truth, answer),
            "rmse": metrics.root_mean_squared_error(truth, answer),
            "mae": metrics.mean_absolute_error(truth, answer),
        }
    for name, wanted in expected.items():
        found = case["metrics"][name]
        # Float probabilities are rounded to 32 bits in the file, and log loss renormalises them.
        bound = 1e-6 if name == "log_loss" else 1e-9
        assert abs(found - wanted) <= bound * max(1.0, abs(wanted)), f"{path.name} {name}: {found} != {wanted}"
        report(f"{path.stem} {name}", abs(found - wanted))
