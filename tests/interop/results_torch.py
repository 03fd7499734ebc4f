"""PyTorch's side of `cargo xtask results`: a recipe's training, over a folder that our side has written (tests/src/results/peer).

    results_torch.py FOLDER --threads N [--steps N]

The same network from the same start, the same rows in the same order, the same step sizes, and the loss of the validation rows after
each epoch. What is timed begins with the first step and ends with the last validation: nothing is imported or read then. Eager, with
the channels of pictures innermost. `--steps` ends it early. The weights of the best epoch become `best.safetensors`; prints one JSON
line.
"""

import argparse
import json
import time
from pathlib import Path

import safetensors.torch
import torch
from bench_models import Attention
from torch import nn
from torch_layers import SelfAttention
from torch_net import Net
from torch_steps import criterion, optimizer


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--steps", type=int)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_float32_matmul_precision("highest")
    training = Training(arguments.folder)
    since = time.perf_counter()
    went = training.run(arguments.steps)
    went["seconds"] = time.perf_counter() - since
    safetensors.torch.save_file(training.best, arguments.folder / "best.safetensors")
    print(json.dumps({**went, "torch": torch.__version__}, allow_nan=False), flush=True)


class Training:
    def __init__(self, folder: Path):
        self.said = json.loads((folder / "protocol.json").read_text())
        torch.manual_seed(self.said["seed"])
        start = safetensors.torch.load_file(folder / "start.safetensors")
        self.net = network(self.said["graph"], start)
        self.kept = list(start)
        self.best = {}
        self.averages = []  # of the parameters over the steps, where the recipe asks for them
        self.loss_of = criterion(**self.said["loss"])
        if self.said["method"]["name"] in ("Adam", "AdamW", "SGD"):
            self.said["method"]["numbers"]["fused"] = True  # PyTorch's fastest way
        self.optimizer = optimizer(self.said, self.net)
        self.orders = safetensors.torch.load_file(folder / "orders.safetensors")["orders"]
        # One file, or one for each epoch, whose rows were augmented for it.
        self.train = [self.rows_of(path) for path in sorted(folder.glob("train*.safetensors"))]
        self.valid = self.rows_of(folder / "valid.safetensors")

    def rows_of(self, path: Path):
        """Inputs by name, and the target."""
        tensors = safetensors.torch.load_file(path)
        target = tensors.pop("target")
        if self.said["padding"] is not None:
            target = target.masked_fill(target == self.said["padding"], nn.CrossEntropyLoss().ignore_index)
        fastest = lambda x: x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
        return {name.removeprefix("input."): fastest(x) for name, x in tensors.items()}, target

    def run(self, most: int | None) -> dict:
        train_losses, valid_losses, best, step = [], [], None, 0
        steps = len(self.said["rates"])
        most = steps if most is None else min(most, steps)
        for epoch, order in enumerate(self.orders):
            train_losses.append(self.epoch(self.train[epoch % len(self.train)], order, step, most))
            step += len(order.split(self.said["batch_size"]))
            self.turn()
            valid_losses.append(self.valid_loss())
            judged = train_losses if valid_losses[-1] is None else valid_losses
            if best is None or judged[-1] < judged[best]:
                best = epoch
                self.keep()
            self.turn()
            if step >= most:
                break
        return {"train_losses": train_losses, "valid_losses": valid_losses, "best_epoch": best}

    def epoch(self, rows, order, step: int, most: int) -> float:
        """The mean loss of its rows, each before the step that it had a part in."""
        self.net.train()
        total = count = 0
        for places in order.split(self.said["batch_size"])[: max(most - step, 0)]:
            for group in self.optimizer.param_groups:
                group["lr"] = self.said["rates"][step]
            self.optimizer.zero_grad()
            loss, numbers = self.loss(rows, places)
            loss.backward()
            if self.said["clip"] is not None:
                nn.utils.clip_grad_norm_(self.net.parameters(), self.said["clip"])
            self.optimizer.step()
            self.average()
            total, count, step = total + loss.detach() * numbers, count + numbers, step + 1
        return float(total / count)

    @torch.no_grad()
    def average(self) -> None:
        if self.said["ema"] is None:
            return
        if not self.averages:
            self.averages = [parameter.clone() for parameter in self.net.parameters()]
        torch._foreach_lerp_(self.averages, list(self.net.parameters()), 1 - self.said["ema"])

    @torch.no_grad()
    def turn(self) -> None:
        """Lets averages and parameters change places: averages are judged and kept."""
        for average, parameter in zip(self.averages, self.net.parameters()):
            average.data, parameter.data = parameter.data, average.data

    @torch.inference_mode()
    def valid_loss(self) -> float | None:
        self.net.eval()
        parts = torch.arange(len(self.valid[1])).split(self.said["batch_size"])
        losses = [self.loss(self.valid, places) for places in parts if len(places)]
        return float(sum(loss * numbers for loss, numbers in losses) / sum(numbers for _, numbers in losses)) if losses else None

    def loss(self, rows, places):
        """The mean loss of some rows, and of how many numbers it is the mean."""
        inputs, target = rows
        target = target[places]
        [output] = self.net({name: x[places] for name, x in inputs.items()})
        if target.is_floating_point():
            return self.loss_of(output.view(target.shape), target), target.numel()
        output, target = output.flatten(0, -2), target.flatten()
        return self.loss_of(output, target), (target >= 0).sum()

    def keep(self) -> None:
        state = self.net.state_dict()
        self.best = {name: state[name].clone(memory_format=torch.contiguous_format) for name in self.kept}


def network(graph, start) -> Net:
    """The graph at our start, each layer in PyTorch's fastest way."""
    net = Net(graph, start)
    for name, part in list(net.named_children()):
        if isinstance(part, SelfAttention) and part.positions == "none" and part.in_proj_bias is not None:
            setattr(net, name, Attention(part.embed_dim, part.num_heads, part.causal))
    missing, unexpected = net.load_state_dict(start, strict=False)
    tables = [f"{name}.weight" for name in net.tables()]
    missing = [name for name in missing if name not in tables and not name.endswith("num_batches_tracked")]
    assert not missing and not unexpected, f"missing {missing}, unexpected {unexpected}"
    return net.to(memory_format=torch.channels_last)


if __name__ == "__main__":
    main()
