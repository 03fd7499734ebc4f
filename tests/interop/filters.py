"""OpenCV and PIL filter and resize the same images, within one grey level."""

import json

import cv2
import numpy as np
from common import folder, near
from PIL import Image


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


def stretched(filter, image, height, width):
    if filter in ("bilinear", "bicubic"):
        way = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}[filter]
        return np.asarray(Image.fromarray(image).resize((width, height), way))
    way = {"nearest": cv2.INTER_NEAREST, "linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}[filter]
    return cv2.resize(image, (width, height), interpolation=way)


def resized(filter, height, width, fit, image):
    """`fit` as YOLO's letterbox and as CSS's `object-fit: cover`, written plainly."""
    high, wide = image.shape[:2]
    if fit == "letterbox":
        ratio = min(height / high, width / wide)
        inner = [max(1, min(to, round(side * ratio))) for side, to in ((high, height), (wide, width))]
        top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
        boxed = np.full((height, width, 3), 114, np.uint8)
        boxed[top : top + inner[0], left : left + inner[1]] = stretched(filter, image, *inner)
        return boxed
    if fit == "cover":
        rows = max(1, round(wide * height / width))
        rows, columns = (rows, wide) if rows <= high else (high, min(wide, max(1, round(high * width / height))))
        top, left = round((high - rows) / 2), round((wide - columns) / 2)
        image = np.ascontiguousarray(image[top : top + rows, left : left + columns])
    return stretched(filter, image, height, width)


# Rows stand in the order of classes and, in a class, of names.
paths = sorted((folder() / "pictures").glob("*/*.png"))
for path in sorted(folder().glob("*.json")):
    case = json.loads(path.read_text())
    assert len(case["images"]) == len(paths)
    for image, written in zip(paths, case["images"]):
        pixels = cv2.cvtColor(cv2.imread(str(image)), cv2.COLOR_BGR2RGB)
        found = np.array(written["data"]).reshape(written["shape"])
        if "resize" in case:
            # PIL cuts off what a cubic swings over, and rounds after each of its two passes.
            expected, found = resized(image=pixels, **case["resize"]), found.clip(0, 255).round()
        else:
            expected = filtered(case["by"], pixels)
        near(f"{case.get('by', case.get('resize'))} {image.name}", found, expected.transpose(2, 0, 1), 1.0)
