"""PyTorch's schedulers step as our plan says, over a thousand steps: the learning rates are equal to 1e-9 of the largest."""

import json

import torch
from common import folder, near
from torch.optim import lr_scheduler as schedulers

BOUND = 1e-9


def named(said):
    """A schedule as a recipe writes it: its name, and its settings."""
    return (said, {}) if isinstance(said, str) else next(iter(said.items()))


def parts(name, settings, optimizer, steps, per_epoch):
    """The schedulers behind the warmup, each with how many steps it has; the last has what is left."""
    final = settings.get("final_factor")
    if name == "constant":
        return [(schedulers.ConstantLR(optimizer, 1.0), steps)]
    if name == "step":
        return [(schedulers.StepLR(optimizer, settings["every"] * per_epoch, settings["factor"]), steps)]
    if name == "linear":
        return [(schedulers.LinearLR(optimizer, 1.0, final, steps), steps)]
    if name == "cosine":
        lowest = final * optimizer.param_groups[0]["initial_lr"]
        return [(schedulers.CosineAnnealingLR(optimizer, steps, lowest), steps)]
    assert name == "wsd", name
    down = round(settings["cooldown"] * steps)
    return [
        (schedulers.ConstantLR(optimizer, 1.0), steps - down),
        (schedulers.LinearLR(optimizer, 1.0, final, down), down),
    ]


def sequence(name, settings, optimizer, steps, per_epoch, warmup):
    optimizer.param_groups[0]["initial_lr"] = optimizer.param_groups[0]["lr"]
    all_parts = parts(name, settings, optimizer, steps - warmup, per_epoch)
    if warmup > 0:
        all_parts.insert(0, (schedulers.LinearLR(optimizer, 1 / (warmup + 1), 1.0, warmup), warmup))
    ends = [sum(count for _, count in all_parts[: i + 1]) for i in range(len(all_parts))]
    return schedulers.SequentialLR(optimizer, [part for part, _ in all_parts], ends[:-1])


def rates(case):
    said, per_epoch = case["said"], case["steps_per_epoch"]
    (name, settings), rate, steps = named(said["schedule"]), said["learning_rate"], said["epochs"] * per_epoch
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], rate)
    if name == "plateau":
        scheduler = schedulers.ReduceLROnPlateau(
            optimizer, factor=settings["factor"], patience=settings["patience"], threshold=settings["threshold"],
            min_lr=settings["final_factor"] * rate, eps=0.0,
        )
    elif name == "one_cycle":
        start, final = settings["start_factor"], settings["final_factor"]
        scheduler = schedulers.OneCycleLR(
            optimizer, rate, steps, pct_start=settings["rise"], div_factor=1 / start, final_div_factor=start / final,
            cycle_momentum=False,
        )
    else:
        scheduler = sequence(name, settings, optimizer, steps, per_epoch, round(said["warmup_epochs"] * per_epoch))
    found = []
    for step in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if name != "plateau":
            if step + 1 < steps:
                scheduler.step()
        elif (step + 1) % per_epoch == 0:
            scheduler.step(case["losses"][step // per_epoch])
    return found


for path in sorted(folder().glob("*.json")):
    case = json.loads(path.read_text())
    expected = rates(case)
    name = f"{case['said']['schedule']}, warmup {case['said']['warmup_epochs']}"
    near(name, case["rates"], expected, BOUND * max(expected))
    if "plateau" in case["said"]["schedule"]:
        assert len(set(expected)) > 3, "the losses reach no plateau"
