"""OpenCV takes the noise out of the same images, within one grey level."""

import json

import cv2
import numpy as np
from common import folder, near


def filtered(by, image):
    name, settings = (by, {}) if isinstance(by, str) else next(iter(by.items()))
    if name == "median":
        return cv2.medianBlur(image, settings.get("aperture", 3))
    if name == "gaussian":
        size = settings.get("size", 3)
        return cv2.GaussianBlur(image, (size, size), settings.get("sigma", 0))
    if name == "bilateral":
        colour, space = settings.get("sigma_color", 50), settings.get("sigma_space", 50)
        return cv2.bilateralFilter(image, settings.get("diameter", 5), colour, space)
    h, template, search = settings.get("h", 10), settings.get("template", 7), settings.get("search", 21)
    return cv2.fastNlMeansDenoising(image, None, h, template, search)


# Rows stand in the order of classes and, in a class, of names.
paths = sorted((folder() / "pictures").glob("*/*.png"))
for path in sorted(folder().glob("*.json")):
    case = json.loads(path.read_text())
    assert len(case["images"]) == len(paths)
    for image, written in zip(paths, case["images"]):
        expected = filtered(case["by"], cv2.cvtColor(cv2.imread(str(image)), cv2.COLOR_BGR2RGB))
        found = np.array(written["data"]).reshape(written["shape"])
        near(f"{case['by']} {image.name}", found, expected.transpose(2, 0, 1), 1.0)
