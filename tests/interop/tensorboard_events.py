"""TensorBoard reads our event files: every scalar of every epoch, equal to the run's history."""

import json

from common import folder, report
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

expected = json.loads((folder() / "expected.json").read_text())
accumulator = EventAccumulator(str(folder() / "tensorboard"))
accumulator.Reload()
for tag, points in expected.items():
    found = [(event.step, event.value) for event in accumulator.Scalars(tag)]
    assert len(found) == len(points), f"{tag}: {len(found)} points, expected {len(points)}"
    for (step, value), (wanted_step, wanted) in zip(found, points):
        assert step == wanted_step, f"{tag}: step {step}, expected {wanted_step}"
        # Scalars are 32-bit floats in the file.
        assert abs(value - wanted) <= 1e-6 * max(1.0, abs(wanted)), f"{tag} at {step}: {value} != {wanted}"
    report(tag, len(points))
