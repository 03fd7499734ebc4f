"""PyTorch takes the steps that both of our runners took: losses and parameters equal to 1e-6."""

import json

import torch
from common import array, folder, near
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch_steps import criterion, optimizer

BOUND = 1e-6
WIDTH, CLASSES = 8, 3


def learned(case):
    x, y = (torch.from_numpy(array(case[name])) for name in "xy")
    model = nn.Sequential(nn.Linear(x.shape[1], WIDTH), nn.Tanh(), nn.LayerNorm(WIDTH), nn.Linear(WIDTH, CLASSES))
    model.load_state_dict({name: torch.from_numpy(array(value)) for name, value in case["start"].items()})
    loss_of, steps, losses = criterion(**case["loss"]), optimizer(case, model), []
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(case["ema"] or 0.0))
    for _ in range(case["steps"]):
        steps.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        if case["clip"] is not None:
            nn.utils.clip_grad_norm_(model.parameters(), case["clip"])
        steps.step()
        averaged.update_parameters(model)
        losses.append(loss.item())
    numbers = lambda module: {name: value.numpy() for name, value in module.state_dict().items()}
    return losses, {"after": numbers(model), "averaged": numbers(averaged.module)}


for path in sorted(folder().glob("*.json")):
    case = json.loads(path.read_text())
    losses, states = learned(case)
    for runner in ("cpu", "candle"):
        label = f"{case['name']} on {case['decayed']}, {runner}"
        near(f"{label}: losses", case[runner]["losses"], losses, BOUND)
        for when, expected in states.items():
            assert case[runner][when].keys() == expected.keys(), f"{label}: other parameters"
            for name, value in case[runner][when].items():
                near(f"{label} {when}: {name}", array(value), expected[name], BOUND)
