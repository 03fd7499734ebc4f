"""pandas takes dates apart; ONNX Runtime answers from year, month, day, hour and minute as the run did."""

import json

import numpy as np
import onnxruntime
import pandas as pd
from common import folder, near, report

folder = folder()
# Numbers up to 100, computed in 32 bits.
BOUND = 1e-4

table = pd.read_csv(folder / "dates.csv", parse_dates=["when"])
parts = [getattr(table["when"].dt, part) for part in ("year", "month", "day", "hour", "minute")]
moments = np.stack(parts, axis=1).astype(np.float32)  # missing ones are NaN

for path in sorted((folder / "cases").iterdir()):
    predictions = pd.read_parquet(path / "predictions.parquet")
    session = onnxruntime.InferenceSession(path / "model.onnx", providers=["CPUExecutionProvider"])
    manifest = json.loads(session.get_modelmeta().custom_metadata_map["baeum.manifest"])
    assert [given["is_moment"] for given in manifest["inputs"]] == [True], manifest["inputs"]
    rows = predictions["row"].to_numpy()
    assert np.isnan(moments[rows]).any(), "no test row without a date"
    [answers] = session.run(None, {"when": moments[rows]})
    near(f"{path.name}: the answers", answers[:, 0], predictions["answer"].to_numpy(), BOUND)
    report(f"{path.name}", f"{len(rows)} dates")
