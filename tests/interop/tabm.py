"""A twin of TabM (Gorishniy, Kotelnikov & Babenko 2024), written from the paper's formula, learns as both of our runners did.

Member i of a layer computes s_i * (W (r_i * x)) + b_i; W is shared, and so are the embeddings. Each member is judged by itself while it
learns; the answer is the mean of the members' probabilities, or numbers.
"""

import json

import torch
from common import array, folder, near
from torch import nn

BOUND = 2e-6

case = json.loads((folder() / "tabm.json").read_text())


class TabM(nn.Module):
    def __init__(self, tensors, style):
        super().__init__()
        self.style = style
        self.names = sorted(tensors)
        self.tensors = nn.ParameterList(torch.tensor(array(tensors[name])) for name in self.names)

    def __getitem__(self, name):
        return self.tensors[self.names.index(name)]

    def embedded(self, x):
        weights = self["embedding.weight"].split(case["fields"])
        numbers = x.split(case["fields"], dim=1)
        vectors = [x @ weight for x, weight in zip(numbers, weights)]
        return (torch.stack(vectors, 1) + self["embedding.bias"]).flatten(1)

    def forward(self, x):
        """What each member says, [B, members, outputs]."""
        x = self.embedded(x)[:, None] * self["scale1.weight"]
        for layer in [1, 2]:
            if self.style == "mini":
                x = nn.functional.linear(x, self[f"dense{layer}.weight"], self[f"dense{layer}.bias"])
            else:
                r = self[f"scale{2 * layer - 1}.weight"] if layer > 1 else 1
                s, b = (self[f"scale{2 * layer}.{name}"] for name in ["weight", "bias"])
                x = s * nn.functional.linear(r * x, self[f"dense{layer}.weight"]) + b
            x = torch.relu(x)
        heads = self["head.weight"].unflatten(0, (case["members"], -1))
        return torch.einsum("bmn,mno->bmo", x, heads) + self["head.bias"]


def lost(said, y, task):
    """The mean of the members' losses, each over the rows."""
    criterion = {
        "classify": nn.functional.cross_entropy,
        "multi_label": nn.functional.binary_cross_entropy_with_logits,
        "regress": nn.functional.mse_loss,
    }[task]
    return torch.stack([criterion(member, y) for member in said.unbind(1)]).mean()


def answers(said, task):
    if task == "classify":
        return said.softmax(-1).mean(1)
    return said.sigmoid().mean(1) if task == "multi_label" else said.mean(1)


def told(scores, task):
    """The same from the scores that a network of ours yields."""
    if task == "classify":
        return scores.softmax(-1)
    return scores.sigmoid() if task == "multi_label" else scores


for one in case["cases"]:
    net = TabM(one["start"], one["style"])
    x, y = (torch.tensor(array(one[name])) for name in ["x", "y"])
    optimizer = torch.optim.SGD(net.parameters(), lr=case["learning_rate"])
    losses = []
    for _ in range(case["steps"]):
        optimizer.zero_grad()
        loss = lost(net(x), y, one["task"])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    wanted = answers(net(x), one["task"]).detach()
    for name, found in one["found"].items():
        title = f"{one['style']} {one['task']} {name}"
        near(f"{title}: losses", found["losses"], losses, BOUND)
        assert sorted(found["after"]) == net.names, sorted(found["after"])
        for parameter in net.names:
            tensor = net[parameter].detach().numpy()
            near(f"{title}: {parameter}", array(found["after"][parameter]), tensor, BOUND)
        scores = torch.tensor(array(found["outputs"]))
        near(f"{title}: answers", told(scores, one["task"]).numpy(), wanted.numpy(), BOUND)
