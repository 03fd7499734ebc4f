"""Pixels of any size go into the exported file as they are; labels come out equal to Baeum's, for every image or several of a row."""

import json

import numpy as np
import onnxruntime
from common import folder, near, report
from PIL import Image

expected = json.loads((folder() / "expected.json").read_text())
session = onnxruntime.InferenceSession(folder() / "model.onnx", providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
sizes = set()


def pixels(file, mode):
    image = np.asarray(Image.open(folder() / file).convert(mode))
    return image[None, :, :, None] if image.ndim == 2 else image[None]


for row in expected["rows"]:
    files = row["files"]
    fed = {field.name: pixels(files[field.name], expected["modes"][field.name]) for field in session.get_inputs()}
    sizes.update(image.shape for image in fed.values())
    outputs = dict(zip(names, session.run(None, fed)))
    near(str(files), outputs["probabilities"][0], np.array(row["probabilities"], dtype=np.float32))
    label = outputs["label"].reshape(-1).tolist()
    assert label == [row["label"]], f"{files}: {label} != {row['label']}"
assert len(sizes) > 3, "the test wants images of different sizes"
report("images", f"{len(expected['rows'])} rows, images of {len(sizes)} sizes")
