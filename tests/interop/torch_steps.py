"""Our losses and optimizers in PyTorch, by what `tests/src/said.rs` writes of them."""

from unittest import mock

import torch
from torch import nn


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, algorithm 2: PyTorch has none."""

    def __init__(self, params, lr, betas, weight_decay):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (first, second), lr, decay = group["betas"], group["lr"], group["weight_decay"]
            for theta in group["params"]:
                mean = self.state[theta].setdefault("m", torch.zeros_like(theta))
                update = (first * mean + (1 - first) * theta.grad).sign()
                theta -= lr * (update + decay * theta)
                mean.copy_(second * mean + (1 - second) * theta.grad)


def focal(output, target, weights, gamma):
    """Lin et al. 2017, equation 5, over a softmax; averaged as PyTorch averages its weighted cross-entropy."""
    rows = nn.functional.cross_entropy(output, target, reduction="none")
    probability = output.softmax(1).gather(1, target[:, None])[:, 0]
    counts = torch.ones_like(rows) if weights is None else weights[target]
    return (counts * (1 - probability) ** gamma * rows).sum() / counts.sum()


def quantile(output, target, levels):
    """Koenker & Bassett 1978: one level, or one for each output."""
    difference, level = target - output, torch.tensor(levels)
    return torch.maximum(level * difference, (level - 1) * difference).mean()


def criterion(name, numbers):
    if name == "cross_entropy":
        weights = torch.tensor(numbers["weights"]) if numbers["weights"] else None
        if numbers["gamma"] > 0:
            return lambda output, target: focal(output, target, weights, numbers["gamma"])
        return nn.CrossEntropyLoss(weights, label_smoothing=numbers["smoothing"])
    if name == "quantile":
        return lambda output, target: quantile(output, target, numbers["levels"])
    if "pos_weight" in numbers:
        numbers = {"pos_weight": torch.tensor(numbers["pos_weight"])}
    losses = {"binary_cross_entropy": nn.BCEWithLogitsLoss, "mse": nn.MSELoss, "mae": nn.L1Loss, "huber": nn.HuberLoss}
    return losses[name](**numbers)


class MuonAndAdamW:
    """PyTorch's Muon for the first matrix, AdamW for all else; directions in single precision, where Muon has bf16."""

    def __init__(self, groups, others, **numbers):
        matrix = groups[0]["params"][0]
        rest = [{**group, "params": [theta for theta in group["params"] if theta is not matrix]} for group in groups]
        common = {"lr": numbers["lr"], "weight_decay": numbers["weight_decay"]}
        self.muon = torch.optim.Muon([matrix], adjust_lr_fn="match_rms_adamw", **numbers)
        self.adamw = torch.optim.AdamW(rest, **common, **others)
        self.param_groups = self.muon.param_groups + self.adamw.param_groups

    def zero_grad(self):
        self.muon.zero_grad()
        self.adamw.zero_grad()

    def step(self):
        with mock.patch.object(torch, "bfloat16", torch.float32):
            self.muon.step()
        self.adamw.step()


def optimizer(case, model):
    """One group for what is decayed and one for what is not."""
    decays = lambda parameter: case["decayed"] == "all" or parameter.dim() > 1
    groups = [
        {"params": list(filter(decays, model.parameters()))},
        {"params": [parameter for parameter in model.parameters() if not decays(parameter)], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    name, numbers = case["method"]["name"], case["method"]["numbers"]
    numbers = {"lr": case["learning_rate"], "weight_decay": case["weight_decay"], **numbers}
    if name == "Muon":
        return MuonAndAdamW(groups, case["method"]["others"], **numbers)
    return (Lion if name == "Lion" else getattr(torch.optim, name))(groups, **numbers)
