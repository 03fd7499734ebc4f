"""PyTorch minimises the weighted sum of the losses of three heads, as both of our runners did, whole and in parts."""

import json

import torch
from common import array, folder, near
from torch import nn

BOUND = 1e-6

case = json.loads((folder() / "heads.json").read_text())
x, kind, size, tags = (torch.tensor(array(case[name])) for name in ["x", "kind", "size", "tags"])
of_tags = torch.tensor(case["of_tags"])
first, second, third = case["weights"]
losses_of = nn.functional


def learned(of_classes):
    heads = {"kind": nn.Linear(8, 3), "size": nn.Linear(8, 1), "tags": nn.Linear(8, 2)}
    model = nn.ModuleDict({"hidden": nn.Linear(5, 8), **heads})
    model.load_state_dict({name: torch.tensor(array(tensor)) for name, tensor in case["start"].items()})
    optimizer = torch.optim.SGD(model.parameters(), lr=case["learning_rate"])
    losses = []
    for _ in range(case["steps"]):
        optimizer.zero_grad()
        hidden = model["hidden"](x)
        tanh = torch.tanh(hidden)
        of_kind = losses_of.cross_entropy(model["kind"](tanh), kind, weight=of_classes)
        of_size = losses_of.huber_loss(model["size"](hidden), size, delta=0.7)
        of_each = losses_of.binary_cross_entropy_with_logits(model["tags"](tanh), tags, pos_weight=of_tags)
        loss = first * of_kind + second * of_size + third * of_each
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, model.state_dict()


for one in case["cases"]:
    losses, state = learned(one["of_classes"] and torch.tensor(one["of_classes"]))
    for name, found in one["found"].items():
        near(f"{name}: losses", found["losses"], losses, BOUND)
        for parameter, tensor in state.items():
            near(f"{name}: {parameter}", array(found["after"][parameter]), tensor.numpy(), BOUND)
