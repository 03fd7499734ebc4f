"""Makes the files of `cargo xtask bench data`, the same ones each time.

    bench_data_files.py DATA OUT NAME

DATA is the folder with `adult`, `fashion-mnist` and `nsmc`; OUT/NAME is made whole or not at all.
"""

import argparse
import gzip
import itertools
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

# The share of each channel in a picture's brightness, by class: photographs have colours, and so have these.
TINTS = [(1.0, 0.5 + 0.05 * label, 1.0 - 0.05 * label) for label in range(10)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("name")
    arguments = parser.parse_args()
    part = arguments.out / f"{arguments.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.unlink(missing_ok=True)
    MAKERS[arguments.name](arguments.data, part)
    part.rename(arguments.out / arguments.name)


def fashion(data: Path, count: int):
    """The first so many training images, over again where there are not enough, each with its class."""
    with gzip.open(data / "fashion-mnist/train-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(data / "fashion-mnist/train-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    places = np.arange(count) % len(images)
    return images[places], labels[places]


def pictures(data: Path, out: Path) -> None:
    """10,000 JPEGs in colour, of sides from 80 to 240 pixels, in a folder for each class."""
    images, labels = fashion(data, 10_000)
    for label in range(10):
        (out / str(label)).mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        jobs = ((out, place, images[place], int(labels[place])) for place in range(len(images)))
        for _ in pool.map(picture, jobs, chunksize=100):
            pass


def picture(job) -> None:
    out, place, image, label = job
    size = (80 + place * 37 % 161, 80 + place * 53 % 161)
    grey = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    noise = np.random.default_rng(place).integers(-8, 9, grey.shape)
    grey = np.clip(grey + noise, 0, 255)
    colour = np.stack([grey * tint for tint in TINTS[label]], axis=-1).astype(np.uint8)
    Image.fromarray(colour).save(out / str(label) / f"{place:05}.jpg", quality=90)


def small_pictures(count: int):
    def make(data: Path, out: Path) -> None:
        images, labels = fashion(data, count)
        for label in range(10):
            (out / str(label)).mkdir(parents=True)
        for place, (image, label) in enumerate(zip(images, labels)):
            Image.fromarray(image).save(out / str(label) / f"{place:06}.jpg", quality=90)

    return make


def idx(count: int):
    def make(data: Path, out: Path) -> None:
        images, labels = fashion(data, count)
        out.mkdir()
        size = count.to_bytes(4, "big")
        side = (28).to_bytes(4, "big")
        (out / "images").write_bytes(b"\0\0\x08\x03" + size + side + side + images.tobytes())
        (out / "labels").write_bytes(b"\0\0\x08\x01" + size + labels.tobytes())

    return make


def adult(data: Path, out: Path) -> None:
    """The training rows, twenty times over."""
    text = (data / "adult/adult-train.csv").read_bytes().rstrip(b"\n") + b"\n"
    out.write_bytes(text * 20)


def nsmc(data: Path, out: Path) -> None:
    """All 200,000 reviews under one header."""
    with open(out, "wb") as file:
        for place, name in enumerate(["ratings_train.txt.gz", "ratings_test.txt.gz"]):
            with gzip.open(data / "nsmc" / name) as lines:
                file.writelines(itertools.islice(lines, min(place, 1), None))


def table(count: int):
    """Ten numbers, two names out of a list, and a target that depends on them."""

    def make(_: Path, out: Path) -> None:
        draw, block = np.random.default_rng(7), 100_000
        with open(out, "w") as file:
            names = [f"n{column}" for column in range(10)]
            file.write(",".join([*names, "colour", "town", "target"]) + "\n")
            for _ in range(count // block):
                numbers = draw.normal(size=(block, 10)).round(4)
                colours, towns = draw.integers(0, 7, block), draw.integers(0, 40, block)
                target = np.where(numbers[:, 0] + colours > 3, "yes", "no")
                for row, colour, town, answer in zip(numbers.tolist(), colours, towns, target):
                    file.write(f"{','.join(map(str, row))},colour{colour},town{town},{answer}\n")

    return make


MAKERS = {
    "images": pictures,
    "adult-20.csv": adult,
    "nsmc.tsv": nsmc,
    "table-1.csv": table(1_000_000),
    "table-2.csv": table(2_000_000),
    "idx-1": idx(60_000),
    "idx-2": idx(120_000),
    "folder-1": small_pictures(60_000),
    "folder-2": small_pictures(120_000),
}

if __name__ == "__main__":
    main()
