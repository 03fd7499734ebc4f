"""PyTorch's side of `cargo xtask bench fashion`: the loop of datasets/fashion-mnist/recipe.toml, from a cold start.

    bench_fashion.py DATA --epochs N --threads N --seed N

The same network, optimizer, schedule, batch and parts of the data; the same work after each epoch: loss and accuracy of the
validation rows. Channels are innermost, which is PyTorch's fastest way here. When the clock has stopped the test rows are told,
which are the same on both sides whatever the seed. Prints one JSON line.
"""

import time

since = time.perf_counter()  # importing PyTorch is a part of a cold start

import argparse
import gzip
import json
import math
from pathlib import Path

import numpy as np
import torch
from common import peak_kib
from torch import nn
from torch.nn import functional as F

BATCH, RATE = 64, 0.002


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    x, y = read(arguments.data, "train")
    places = torch.randperm(len(x))
    valid, train = places[: len(x) // 10], places[len(x) // 10 :]
    mean, std = x[train].mean(), x[train].std()
    x = ((x - mean) / std).contiguous(memory_format=torch.channels_last)
    model = network().to(memory_format=torch.channels_last)
    # As `train.decay = "weights"` has it: biases are not pulled towards zero.
    groups = [
        {"params": [parameter for parameter in model.parameters() if parameter.dim() > 1]},
        {"params": [parameter for parameter in model.parameters() if parameter.dim() < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, RATE, weight_decay=0.01, fused=True)
    steps = math.ceil(len(train) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(step, steps, arguments.epochs))
    epochs = []
    for _ in range(arguments.epochs):
        model.train()
        for rows in train[torch.randperm(len(train))].split(BATCH):
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
            schedule.step()
        epochs.append({"seconds": time.perf_counter() - since, "accuracy": accuracy(model, x, y, valid)})
    x, y = read(arguments.data, "t10k")
    x = ((x - mean) / std).contiguous(memory_format=torch.channels_last)
    test = accuracy(model, x, y, torch.arange(len(x)))
    print(json.dumps({"epochs": epochs, "test": test, "peak_kib": peak_kib()}), flush=True)


def read(folder: Path, part: str):
    """The images of a part as `[N, 1, 28, 28]`, and their classes."""
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return torch.from_numpy(images.reshape(-1, 1, 28, 28) / np.float32(255)), torch.from_numpy(labels.astype(np.int64))


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(32 * 7 * 7, 48), nn.ReLU(), nn.Linear(48, 10),
    )


def factor(step: int, steps: int, epochs: int) -> float:
    """One epoch of warm-up, then a cosine."""
    if step < steps:
        return (step + 1) / (steps + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - steps) / (steps * (epochs - 1))))


@torch.no_grad()
def accuracy(model, x, y, valid) -> float:
    model.eval()
    logits = torch.cat([model(x[rows]) for rows in valid.split(BATCH)])
    F.cross_entropy(logits, y[valid]).item()
    return (logits.argmax(1) == y[valid]).float().mean().item()


if __name__ == "__main__":
    main()
