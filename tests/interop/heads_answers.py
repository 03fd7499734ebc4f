"""ONNX Runtime answers all targets as the run did; scikit-learn judges each as its part of the report does."""

import json

import numpy as np
import onnxruntime
import pandas as pd
from common import folder, near, report
from sklearn import metrics

# Probabilities and numbers near 20, computed in 32 bits in another order.
BOUND = 1e-4

run = folder()
said = json.loads((run / "metrics.json").read_text())
predictions = pd.read_parquet(run / "predictions.parquet")
inputs = pd.read_csv(run / "trees.csv").iloc[predictions["row"]]
session = onnxruntime.InferenceSession(run / "model.onnx", providers=["CPUExecutionProvider"])
given = {name: inputs[[name]].to_numpy(np.float32) for name in ["a", "b"]}
outputs = dict(zip([output.name for output in session.get_outputs()], session.run(None, given)))

kind, told = predictions["kind.truth"], predictions["kind.answer"]
height, measured = predictions["height.truth"], predictions["height.answer"]
names = [name.removeprefix("kind.probability of ") for name in predictions if name.startswith("kind.probability of ")]
probabilities = predictions[[f"kind.probability of {name}" for name in names]].to_numpy()
assert (outputs["kind_label"] == told).all(), "other labels"
near("probabilities", outputs["kind_probabilities"], probabilities, BOUND)
near("numbers", outputs["height"][:, 0], measured.to_numpy(), BOUND)
assert (kind.to_numpy() == inputs["kind"].to_numpy()).all(), "another truth"
near("truth", height.to_numpy(), inputs["height"].to_numpy(), BOUND)

traits = [name.removeprefix("traits.truth of ") for name in predictions if name.startswith("traits.truth of ")]
fits, told_fits, sure = (
    predictions[[f"traits.{what} of {name}" for name in traits]].to_numpy()
    for what in ["truth", "answer", "probability"]
)
near("labels: probabilities", outputs["traits_probabilities"], sure, BOUND)
assert (outputs["traits"] == told_fits).all(), "other labels fit"
listed = inputs["traits"].fillna("").str.split("|")
assert (fits == np.array([[name in row for name in traits] for row in listed])).all(), "other labels are true"

expected = {
    "kind.accuracy": metrics.accuracy_score(kind, told),
    "kind.macro_f1": metrics.f1_score(kind, told, average="macro", zero_division=0),
    "kind.log_loss": metrics.log_loss(kind, probabilities, labels=names),
    "height.r2": metrics.r2_score(height, measured),
    "height.rmse": metrics.root_mean_squared_error(height, measured),
    "height.mae": metrics.mean_absolute_error(height, measured),
    "traits.macro_f1": metrics.f1_score(fits, told_fits, average="macro", zero_division=0),
    "traits.micro_f1": metrics.f1_score(fits, told_fits, average="micro"),
    "traits.subset_accuracy": metrics.accuracy_score(fits, told_fits),
    "traits.hamming_loss": metrics.hamming_loss(fits, told_fits),
}
found = {metric["name"]: metric["value"] for part in [said, *said["others"]] for metric in part["metrics"]}
assert found.keys() == expected.keys(), found.keys()
for name, wanted in expected.items():
    difference = abs(found[name] - wanted)
    report(name, difference)
    assert difference <= 1e-9 * max(1.0, abs(wanted)), (name, found[name], wanted)
