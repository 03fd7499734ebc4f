"""Pixels of any size go into the exported file as they are; labels come out equal to Baeum's, for every image."""

import json

import numpy as np
import onnxruntime
from common import folder, near, report
from PIL import Image

expected = json.loads((folder() / "expected.json").read_text())
session = onnxruntime.InferenceSession(folder() / "model.onnx", providers=["CPUExecutionProvider"])
(field,) = session.get_inputs()
names = [output.name for output in session.get_outputs()]
sizes = set()
for row in expected["rows"]:
    pixels = np.asarray(Image.open(folder() / row["file"]).convert(expected["mode"]))
    pixels = pixels[None, :, :, None] if pixels.ndim == 2 else pixels[None]
    sizes.add(pixels.shape)
    outputs = dict(zip(names, session.run(None, {field.name: pixels})))
    near(row["file"], outputs["probabilities"][0], np.array(row["probabilities"], dtype=np.float32))
    label = outputs["label"].reshape(-1).tolist()
    assert label == [row["label"]], f"{row['file']}: {label} != {row['label']}"
assert len(sizes) > 3, "the test wants images of different sizes"
report("images", f"{len(expected['rows'])} images of {len(sizes)} sizes")
