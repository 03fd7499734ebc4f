"""MLflow reads the runs that we write: parameters, and every metric of every epoch, equal to the run's history."""

import json
import os

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

from common import folder, report
from mlflow.tracking import MlflowClient

expected = json.loads((folder() / "expected.json").read_text())
client = MlflowClient(f"file://{folder()}/runs/mlruns")
experiment = client.get_experiment_by_name(expected["name"])
(run,) = client.search_runs([experiment.experiment_id])
assert (run.info.status, run.info.run_name) == ("FINISHED", expected["run"]), run.info
assert run.info.end_time >= run.info.start_time > 0, run.info
for key, value in expected["params"].items():
    assert run.data.params[key] == value, f"{key}: {run.data.params[key]}, expected {value}"
    report(key, value)
for name, points in expected["metrics"].items():
    found = [[metric.step, metric.value] for metric in client.get_metric_history(run.info.run_id, name)]
    assert sorted(found) == points, f"{name}: {found}, expected {points}"
    report(name, len(points))
assert client.list_artifacts(run.info.run_id) == []
