"""PyTorch's side of `cargo xtask bench train`, over a folder that our side has written (tests/src/bench/start.rs).

    bench_train.py check FOLDER --threads N
        one step from our start; how far loss and parameters are from ours
    bench_train.py run FOLDER --mode eager|compile --layout contiguous|channels_last --steps N --threads N
        warm-up, then the time of each step

Both print one JSON line, as tests/src/bench/process.rs reads it; `run` says {"measured": ..} or {"failed": "why"}.
"""

import argparse
import json
import os
import platform
import signal
import time
from pathlib import Path

import safetensors.torch
import torch
from bench_models import MODELS
from common import peak_kib
from torch import nn

WARM_UP = 10
# Beyond this a person would not wait for the compiler, and the eager numbers are the better ones.
COMPILE_SECONDS = 120


def main() -> None:
    arguments = parse()
    torch.set_num_threads(arguments.threads)
    torch.set_float32_matmul_precision("highest")
    answer = check(arguments) if arguments.verb == "check" else run(arguments)
    print(json.dumps(answer), flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["check", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--layout", choices=["contiguous", "channels_last"], default="contiguous")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args()


class Training:
    """A network at our start, its batch and its optimizer."""

    def __init__(self, folder: Path, mode: str = "eager", layout: str = "contiguous", dtype=torch.float32):
        said = json.loads((folder / "workload.json").read_text())
        self.model = MODELS[said["name"]]()
        load(self.model, safetensors.torch.load_file(folder / "start.safetensors"))
        batch = safetensors.torch.load_file(folder / "batch.safetensors")
        # Ids and class indices stay what they are.
        in_dtype = lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor
        self.target = in_dtype(batch.pop("target"))
        # `x` first, then what stands beside it.
        self.inputs = [in_dtype(batch[name]) for name in sorted(batch, key=lambda name: name != "x")]
        self.model = self.model.to(dtype)
        if layout == "channels_last":
            self.model = self.model.to(memory_format=torch.channels_last)
            self.inputs = [x.contiguous(memory_format=torch.channels_last) for x in self.inputs]
        self.model.train()
        self.optimizer = optimizer(said["update"], self.model.parameters())
        criterion = {"cross_entropy": cross_entropy, "mse": nn.functional.mse_loss}[said["loss"]]
        forward = lambda inputs, target: criterion(self.model(*inputs), target)
        self.forward = torch.compile(forward) if mode == "compile" else forward

    def step(self) -> torch.Tensor:
        """One training step; returns the loss before it, still as a tensor."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.forward(self.inputs, self.target)
        loss.backward()
        self.optimizer.step()
        return loss.detach()


def cross_entropy(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Classes stand in the last axis, as ours do."""
    return nn.functional.cross_entropy(logits.flatten(0, -2), target.flatten())


def load(model: nn.Module, tensors: dict) -> None:
    """Every tensor of ours must be used, and every one of PyTorch's be given but for its counters of batches."""
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    assert not missing and not unexpected, f"missing {missing}, unexpected {unexpected}"


def optimizer(update: dict, parameters) -> torch.optim.Optimizer:
    """`fused` is PyTorch's fastest way on a processor: one pass over parameters, gradients and moments."""
    (name, numbers), = update.items()
    numbers = dict(numbers)
    assert numbers.pop("clip") is None, "no workload clips"
    numbers["lr"] = numbers.pop("learning_rate")
    if name == "sgd":
        return torch.optim.SGD(parameters, **numbers, fused=True)
    betas = (numbers.pop("beta1"), numbers.pop("beta2"))
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name](parameters, **numbers, betas=betas, fused=True)


def check(arguments: argparse.Namespace) -> dict:
    """How far we are from PyTorch after one step, and how far PyTorch is from itself in double precision.

    The second figure says what rounding alone can do: a sum in another order moves a number across the edge of a relu, or
    turns the sign of a gradient that is nearly zero, which Adam's first step makes as large as any other.
    """
    ours = safetensors.torch.load_file(arguments.folder / "step.safetensors")
    loss, theirs = after_one_step(Training(arguments.folder))
    assert theirs.keys() == ours.keys(), f"not of both: {theirs.keys() ^ ours.keys()}"
    worst, error = farthest(ours, theirs)
    _, exact = after_one_step(Training(arguments.folder, dtype=torch.float64))
    own = [theirs]
    if safetensors.torch.load_file(arguments.folder / "batch.safetensors")["x"].dim() == 4:
        own.append(after_one_step(Training(arguments.folder, layout="channels_last"))[1])
    own_error = max(farthest(rounded, exact)[1] for rounded in own)
    return {"loss": loss, "worst": worst, "relative_error": error, "own_error": own_error}


def after_one_step(training: Training) -> tuple[float, dict]:
    loss = float(training.step())
    state = training.model.state_dict()
    return loss, {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}


def farthest(found: dict, expected: dict) -> tuple[str, float]:
    """The tensor that differs most, and by how much."""
    errors = {name: relative_error(found[name], expected[name]) for name in expected}
    worst = max(errors, key=errors.get)
    return worst, errors[worst]


def relative_error(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference in units of the tensor's largest value."""
    found, expected = found.double(), expected.double()
    assert found.shape == expected.shape, f"shape {tuple(found.shape)}, PyTorch's is {tuple(expected.shape)}"
    difference = ((found - expected).abs().max() / expected.abs().max().clamp_min(1e-30)).item()
    # JSON has no word for it, and nothing is near it.
    assert difference == difference, "a parameter is not a number after one step"
    return difference


def run(arguments: argparse.Namespace) -> dict:
    training = Training(arguments.folder, arguments.mode, arguments.layout)
    since = time.perf_counter()
    try:
        loss = float(compiling(arguments.mode, training.step))
    except Exception as error:
        if arguments.mode == "eager":
            raise
        text = str(error).strip() or type(error).__name__
        return {"failed": f"torch.compile failed: {text.splitlines()[0]}"}
    compile_s = time.perf_counter() - since if arguments.mode == "compile" else None
    warm_up = min(WARM_UP, arguments.steps)
    for _ in range(warm_up - 1):
        training.step()
    step_ms = []
    for _ in range(arguments.steps):
        since = time.perf_counter()
        last = training.step()
        step_ms.append((time.perf_counter() - since) * 1e3)
    assert torch.isfinite(last), f"the loss is {float(last)} after {warm_up + arguments.steps} steps"
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    timing = {"step_ms": step_ms, "peak_kib": peak_kib(), "figure": loss}
    return {"measured": {**timing, "compile_s": compile_s, "versions": versions}}


def compiling(mode: str, step):
    """What the first step gives, which compiles; one that takes too long ends the process, because nothing else stops the compiler."""
    if mode == "compile":
        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(COMPILE_SECONDS)
    first = step()
    signal.alarm(0)
    return first


def give_up(_signal, _frame) -> None:
    print(json.dumps({"failed": f"torch.compile took over {COMPILE_SECONDS} s"}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
