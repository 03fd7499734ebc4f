"""scikit-learn has the pinball loss and the coverage of the quantiles of a run; ONNX Runtime answers as it did."""

import json

import numpy as np
import onnxruntime
import pandas as pd
from common import folder, near, report
from sklearn.dummy import DummyRegressor
from sklearn.metrics import mean_pinball_loss

# Numbers near 100, computed in 32 bits in another order.
BOUND = 1e-3

run = folder()
said = json.loads((run / "metrics.json").read_text())
predictions = pd.read_parquet(run / "predictions.parquet")
table = pd.read_csv(run / "prices.csv")
inputs = table.iloc[predictions["row"]]
session = onnxruntime.InferenceSession(run / "model.onnx", providers=["CPUExecutionProvider"])
given = {name: inputs[[name]].to_numpy(np.float32) for name in ["a", "b"]}
(answers,) = session.run(None, given)
truth = predictions["truth"].to_numpy()
assert (np.diff(answers, axis=1) >= 0).all(), "quantiles that cross"
near("truth", truth, inputs["price"].to_numpy(), BOUND)


def exact(name, found, wanted):
    difference = abs(found - wanted)
    report(name, difference)
    assert difference <= 1e-9 * max(1.0, abs(wanted)), (name, found, wanted)


losses, off = [], []
for place, scores in enumerate(said["quantiles"]["each"]):
    level = scores["level"]
    told = predictions[f"quantile {level}"].to_numpy()
    near(f"quantile {level}", answers[:, place], told, BOUND)
    losses.append(mean_pinball_loss(truth, told, alpha=level))
    off.append(abs((truth <= told).mean() - level))
    exact(f"pinball loss at {level}", scores["pinball"], losses[-1])
    exact(f"below {level}", scores["below"], (truth <= told).mean())
first, *_, last = (column for column in predictions if column.startswith("quantile "))
held = ((predictions[first] <= truth) & (truth <= predictions[last])).mean()
exact("held", said["quantiles"]["held"], held)
found = {metric["name"]: metric["value"] for metric in said["metrics"]}
exact("pinball_loss", found["pinball_loss"], np.mean(losses))
exact("coverage_error", found["coverage_error"], np.mean(off))
