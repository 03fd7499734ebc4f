"""Writes images.pnm: images, and what PIL and numpy make of them, one after the other.

    python -m venv venv && venv/bin/pip install numpy pillow
    venv/bin/python make.py [scale]     # scale 1 is the committed file; more for larger images

Each image is a PGM or PPM whose comment is its name: `input`, `mask` (where the next answer counts, 255 or nearly), or
an operation and its settings.
"""
import math
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

SCALE = int(sys.argv[1]) if len(sys.argv) > 1 else 1
OUT = bytearray()


def write(name, pixels):
    array = np.asarray(pixels, dtype=np.uint8)
    kind = "P5" if array.ndim == 2 else "P6"
    OUT.extend(f"{kind}\n# {name}\n{array.shape[1]} {array.shape[0]}\n255\n".encode())
    OUT.extend(array.tobytes())


def inputs():
    random = np.random.default_rng(7)
    for size in [(11 * SCALE, 14 * SCALE), (8 * SCALE, 5 * SCALE), (1, 1), (2, 9), (3, 3)]:
        for shape in [size, (*size, 3)]:
            yield random.integers(0, 256, shape)
    y, x = np.mgrid[: 9 * SCALE, : 12 * SCALE] / SCALE
    soft = 120 + 40 * np.sin(y / 3) + 25 * np.cos(x / 4)  # few levels, neither black nor white
    yield soft.round()
    yield np.stack([soft, soft[::-1], np.full_like(soft, 77)], -1).round()


def affine(image, rows):
    """PIL's answer and where it counts, and numpy's with a border that repeats."""
    flat = tuple(v for row in rows for v in row)
    pil = lambda image: image.transform(image.size, Image.Transform.AFFINE, flat, Image.Resampling.BILINEAR)
    array = np.asarray(image, float)
    h, w = array.shape[:2]
    y, x = np.mgrid[:h, :w] + 0.5
    u = np.clip(rows[0][0] * x + rows[0][1] * y + rows[0][2] - 0.5, 0, w - 1)
    v = np.clip(rows[1][0] * x + rows[1][1] * y + rows[1][2] - 0.5, 0, h - 1)
    x0, y0 = np.floor(u).astype(int), np.floor(v).astype(int)
    x1, y1 = np.minimum(x0 + 1, w - 1), np.minimum(y0 + 1, h - 1)
    fu, fv = (u - x0, v - y0) if array.ndim == 2 else ((u - x0)[..., None], (v - y0)[..., None])
    top = array[y0, x0] * (1 - fu) + array[y0, x1] * fu
    low = array[y1, x0] * (1 - fu) + array[y1, x1] * fu
    return pil(image), pil(Image.new("L", image.size, 255)), np.round(top * (1 - fv) + low * fv)


def geometry(name, image, rows, pil=None):
    answer, mask, everywhere = affine(image, rows)
    write("mask", mask)
    write(f"{name} pil", pil or answer)
    write(f"{name} all", everywhere)


def gaussian(image, sigma):
    """As torchvision.transforms.functional.gaussian_blur, with a kernel of three deviations to each side."""
    array = np.asarray(image, float)
    reach = min(math.ceil(3 * sigma), max(array.shape[:2]))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    pad = [(reach, reach)] * 2 + [(0, 0)] * (array.ndim - 2)
    padded = np.pad(array, pad, mode="reflect")
    h, w = array.shape[:2]
    down = sum(weight * padded[k : k + h] for k, weight in enumerate(weights))
    return np.round(sum(weight * down[:, k : k + w] for k, weight in enumerate(weights)))


for array in inputs():
    image = Image.fromarray(array.astype(np.uint8))
    w, h = image.size
    write("input", image)
    for factor in [0.0, 0.1, 0.55, 1.0, 1.3, 1.9, 4.0]:
        write(f"brightness {factor}", ImageEnhance.Brightness(image).enhance(factor))
        write(f"contrast {factor}", ImageEnhance.Contrast(image).enhance(factor))
        write(f"saturation {factor}", ImageEnhance.Color(image).enhance(factor))
        write(f"sharpness {factor}", ImageEnhance.Sharpness(image).enhance(factor))
    for bits in [1, 4, 7, 8]:
        write(f"posterize {bits}", ImageOps.posterize(image, bits))
    for threshold in [0, 100, 128, 256]:
        write(f"solarize {threshold}", ImageOps.solarize(image, threshold))
    write("equalize 0", ImageOps.equalize(image))
    write("autocontrast 0", ImageOps.autocontrast(image))
    for sigma in [0.3, 0.8, 2.0, 5.0]:
        write(f"blur {sigma}", gaussian(image, sigma))
    for degrees in [0.0, 7.5, -30.0, 90.0, 135.0]:
        t = math.radians(degrees)
        a, b = math.cos(t), math.sin(t)
        rows = [[a, -b, w / 2 - a * w / 2 + b * h / 2], [b, a, h / 2 - b * w / 2 - a * h / 2]]
        turned = image.rotate(degrees, Image.Resampling.BILINEAR) if degrees != 90.0 else None
        geometry(f"rotate {degrees}", image, rows, turned)
    for slope in [-0.3, 0.0, 0.125]:
        geometry(f"shear_x {slope}", image, [[1, slope, 0], [0, 1, 0]])
        geometry(f"shear_y {slope}", image, [[1, 0, 0], [slope, 1, 0]])
    for pixels in [-2, 1]:
        geometry(f"translate {pixels}", image, [[1, 0, pixels], [0, 1, 0]])
    for factor in [0.75, 1.0, 1.4]:
        s = 1 / factor
        geometry(f"zoom {factor}", image, [[s, 0, w / 2 * (1 - s)], [0, s, h / 2 * (1 - s)]])

# Equalising does nothing to images of fewer than 256 pixels.
for size in [(25, 31), (25, 31, 3)]:
    image = Image.fromarray((np.random.default_rng(8).random(size) ** 2 * 256).astype(np.uint8))
    write("input", image)
    write("equalize 0", ImageOps.equalize(image))

(Path(__file__).parent / "images.pnm").write_bytes(OUT)
