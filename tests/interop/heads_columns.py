"""ONNX Runtime answers heads of several columns as the run did; scikit-learn judges each as its part of the report does."""

import json

import numpy as np
import onnxruntime
import pandas as pd
from common import folder, near, report
from sklearn import metrics

# Probabilities and numbers near 80, computed in 32 bits in another order.
BOUND = 1e-4

run = folder()
said = json.loads((run / "metrics.json").read_text())
predictions = pd.read_parquet(run / "predictions.parquet")
inputs = pd.read_csv(run / "trees.csv").iloc[predictions["row"]]
session = onnxruntime.InferenceSession(run / "model.onnx", providers=["CPUExecutionProvider"])
given = {name: inputs[[name]].to_numpy(np.float32) for name in ["a", "b"]}
outputs = dict(zip([output.name for output in session.get_outputs()], session.run(None, given)))


def columns(head, what, names):
    return predictions[[f"{head}.{what} of {name}" for name in names]].to_numpy()


labels, numbers = ["tall", "leafy"], ["height", "feet"]
fits, told = columns("traits", "truth", labels), columns("traits", "answer", labels)
near("labels: probabilities", outputs["traits_probabilities"], columns("traits", "probability", labels), BOUND)
assert (outputs["traits"] == told).all(), "other labels fit"
assert (fits == (inputs[labels] == "yes").to_numpy()).all(), "other labels are true"
truth, answer = columns("size", "truth", numbers), columns("size", "answer", numbers)
near("numbers", outputs["size"], answer, BOUND)
near("truth", truth, inputs[numbers].to_numpy(), BOUND)

expected = {
    "traits.macro_f1": metrics.f1_score(fits, told, average="macro", zero_division=0),
    "traits.micro_f1": metrics.f1_score(fits, told, average="micro"),
    "traits.subset_accuracy": metrics.accuracy_score(fits, told),
    "traits.hamming_loss": metrics.hamming_loss(fits, told),
    "size.r2": metrics.r2_score(truth, answer),
}
found = {metric["name"]: metric["value"] for part in said["others"] for metric in part["metrics"]}
for name, wanted in expected.items():
    difference = abs(found[name] - wanted)
    report(name, difference)
    assert difference <= 1e-9 * max(1.0, abs(wanted)), (name, found[name], wanted)
