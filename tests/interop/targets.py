"""scikit-learn judges several labels and several numbers as the run did; ONNX Runtime answers as it did."""

import json

import numpy as np
import onnxruntime
import pandas as pd
from common import folder, near, report
from sklearn import metrics

folder = folder()
# Probabilities and numbers near 1000, computed in 32 bits in another order.
BOUND = 1e-5


def columns(predictions, what):
    return predictions.filter(regex=f"^{what} of ").to_numpy()


for path in sorted(path for path in folder.iterdir() if path.is_dir()):
    case = json.loads((path / "metrics.json").read_text())
    predictions = pd.read_parquet(path / "predictions.parquet")
    truth, answer = columns(predictions, "truth"), columns(predictions, "answer")
    names = [name.removeprefix("truth of ") for name in predictions.columns if name.startswith("truth of ")]
    inputs = pd.read_csv(path / "sky.csv").iloc[predictions["row"]]
    session = onnxruntime.InferenceSession(path / "model.onnx", providers=["CPUExecutionProvider"])
    given = {name: inputs[[name]].to_numpy(np.float32) for name in ["a", "b"]}
    outputs = dict(zip([output.name for output in session.get_outputs()], session.run(None, given)))
    if case["task"] == "multi_label":
        probabilities = columns(predictions, "probability")
        near(f"{path.name}: probabilities", outputs["probabilities"], probabilities, BOUND)
        assert (outputs[case["target"]] == answer).all(), f"{path.name}: other labels"
        expected = {
            "macro_f1": metrics.f1_score(truth, answer, average="macro", zero_division=0),
            "micro_f1": metrics.f1_score(truth, answer, average="micro"),
            "subset_accuracy": metrics.accuracy_score(truth, answer),
            "hamming_loss": metrics.hamming_loss(truth, answer),
        }
        each = metrics.precision_recall_fscore_support(truth, answer, average=None, zero_division=0)
        ranked = metrics.average_precision_score(truth, probabilities, average=None)
        for found, name, *wanted in zip(case["classes"], names, *each, ranked):
            assert found["label"] == name, (found, name)
            keys = ["precision", "recall", "f1", "support", "average_precision"]
            near(f"{path.name}: {name}", np.array([found[key] for key in keys]), np.array(wanted), 1e-9)
    else:
        near(f"{path.name}: numbers", outputs[case["target"]], answer, BOUND * np.abs(answer).max())
        scale = np.array(json.loads((path / "std.json").read_text()))
        expected = {
            "r2": metrics.r2_score(truth, answer),
            "rmse": metrics.root_mean_squared_error(truth / scale, answer / scale),
            "mae": metrics.mean_absolute_error(truth / scale, answer / scale),
        }
        errors = metrics.mean_absolute_error(truth, answer, multioutput="raw_values")
        parts = metrics.r2_score(truth, answer, multioutput="raw_values")
        for found, name, mae, r2 in zip(case["columns"], names, errors, parts):
            assert found["column"] == name, (found, name)
            near(f"{path.name}: {name}", np.array([found["mae"], found["r2"]]), np.array([mae, r2]), 1e-9)
    for metric in case["metrics"]:
        wanted = expected[metric["name"]]
        assert abs(metric["value"] - wanted) <= 1e-9 * max(1.0, abs(wanted)), (path.name, metric, wanted)
        report(f"{path.name} {metric['name']}", abs(metric["value"] - wanted))
