"""NumPy and statsmodels cut the windows of a table of series; ONNX Runtime forecasts from them what the run did."""

import json

import numpy as np
import onnxruntime
import pandas as pd
from common import folder, near, report
from statsmodels.tsa.tsatools import lagmat

folder = folder()
# Numbers up to 450, computed in 32 bits: some roundings of 3e-5.
BOUND = 5e-4

case = json.loads((folder / "case.json").read_text())
table = pd.read_csv(folder / "shops.csv")
length = case["window"] + case["horizon"]

seen, told = [], []
for _, series in table.groupby(case["group"], sort=True):
    series = series.sort_values(case["time"])
    numbers = series[case["channels"]].to_numpy(float)
    cut = np.lib.stride_tricks.sliding_window_view(numbers, length, axis=0)
    # A lag matrix has the last step of each window first.
    for channel, windows in zip(numbers.T, cut.transpose(1, 0, 2)):
        lags = lagmat(channel, length - 1, trim="both", original="in")
        np.testing.assert_array_equal(windows, lags[:, ::-1])
    moments = np.lib.stride_tricks.sliding_window_view(series[case["time"]].to_numpy(str), length)
    tested = (moments[:, case["window"] :] >= case["test"]).all(axis=1)
    target = case["channels"].index(case["target"])
    seen.append(cut[tested][:, :, : case["window"]])
    told.append(cut[tested][:, target, case["window"] :])
seen, told = np.concatenate(seen), np.concatenate(told)

for path in sorted((folder / "cases").iterdir()):
    predictions = pd.read_parquet(path / "predictions.parquet")
    truth = predictions["truth"].to_numpy().reshape(-1, case["horizon"])
    answers = predictions["answer"].to_numpy().reshape(-1, case["horizon"])
    assert truth.shape == told.shape, f"{path.name}: {truth.shape} windows, NumPy has {told.shape}"
    near(f"{path.name}: the steps behind each window", truth, told, BOUND)
    session = onnxruntime.InferenceSession(path / "model.onnx", providers=["CPUExecutionProvider"])
    [forecast] = session.run(None, {"series": seen.astype(np.float32)})
    assert forecast.shape == (len(seen), 1, case["horizon"]), forecast.shape
    near(f"{path.name}: the forecasts", forecast[:, 0], answers, BOUND)
    report(f"{path.name}", f"{len(seen)} windows")
