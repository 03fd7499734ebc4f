"""PyTorch minimises the weighted sum of the losses of two heads, as both of our runners did, whole and in parts."""

import json

import torch
from common import array, folder, near
from torch import nn

BOUND = 1e-6

case = json.loads((folder() / "heads.json").read_text())
model = nn.ModuleDict({"hidden": nn.Linear(5, 8), "kind": nn.Linear(8, 3), "size": nn.Linear(8, 1)})
model.load_state_dict({name: torch.tensor(array(tensor)) for name, tensor in case["start"].items()})
x, kind, size = (torch.tensor(array(case[name])) for name in ["x", "kind", "size"])
optimizer = torch.optim.SGD(model.parameters(), lr=case["learning_rate"])
first, second = case["weights"]
losses = []
for _ in range(case["steps"]):
    optimizer.zero_grad()
    hidden = torch.tanh(model["hidden"](x))
    of_kind = nn.functional.cross_entropy(model["kind"](hidden), kind)
    of_size = nn.functional.huber_loss(model["size"](hidden), size, delta=0.7)
    loss = first * of_kind + second * of_size
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
for name, found in case["found"].items():
    near(f"{name}: losses", found["losses"], losses, BOUND)
    for parameter, tensor in model.state_dict().items():
        near(f"{name}: {parameter}", array(found["after"][parameter]), tensor.numpy(), BOUND)
