"""PyTorch's side of `cargo xtask bench generate`, over a folder that our side has written (tests/src/bench/generate.rs).

    bench_generate.py check FOLDER --threads N
        goes on with the prompt as we did; how far the last logits are from ours
    bench_generate.py run FOLDER --mode eager|compile --steps N --threads N
        warm-up, then the time of a piece in each text

Both keep the keys and values of earlier places, and both print one JSON line, as tests/src/bench/process.rs reads it; `run` says
{"measured": ..} or {"failed": "why"}.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import safetensors.torch
import torch
from bench_models import MODELS
from bench_train import compiling, load, relative_error
from common import peak_kib
from torch.nn import functional as F

WARM_UP = 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["check", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mode", choices=["eager", "compile"], default="eager")
    parser.add_argument("--layout", choices=["contiguous"], default="contiguous")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_float32_matmul_precision("highest")
    with torch.inference_mode():
        answer = check(arguments) if arguments.verb == "check" else run(arguments)
    print(json.dumps(answer), flush=True)


class Text:
    """A GPT of bench_models.py that goes on with a text, with a key-value cache of a fixed size.

    Eager, attention reads as much of the cache as there is. Compiled, it reads all of it under a mask, because other sizes would
    be compiled again.
    """

    def __init__(self, folder: Path, mode: str):
        said = json.loads((folder / "generate.json").read_text())
        self.prompt, self.ours = torch.tensor(said["prompt"]), said["pieces"]
        self.model = MODELS[said["name"]]().eval()
        load(self.model, safetensors.torch.load_file(folder / "start.safetensors"))
        self.blocks = [self.model.get_submodule(f"block{i}") for i in range(1, self.model.blocks + 1)]
        self.length, width = self.model.position.weight.shape
        heads = self.blocks[0].attention.heads
        room = (len(self.blocks), 1, heads, self.length, width // heads)
        self.keys, self.values = torch.zeros(room), torch.zeros(room)
        self.places = torch.arange(self.length)
        compiled = torch.compile(self.masked)
        self.step = self.sliced if mode == "eager" else lambda piece, at: compiled(piece, self.places[at])

    def whole(self) -> list[int]:
        """From the prompt on until the text is full, always by the most probable piece."""
        piece = self.begin().argmax()
        pieces = [piece]
        for at in range(len(self.prompt), self.length - 1):
            self.logits = self.step(piece.view(1, 1), at)
            piece = self.logits.argmax()
            pieces.append(piece)
        return torch.stack(pieces).tolist()

    def begin(self) -> torch.Tensor:
        """The prompt in one pass."""
        count = len(self.prompt)

        def attend(i, q, k, v):
            self.keys[i, :, :, :count], self.values[i, :, :, :count] = k, v
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)

        return self.through(self.prompt.view(1, -1), self.model.position.weight[:count], attend)

    def sliced(self, piece: torch.Tensor, at: int) -> torch.Tensor:
        def attend(i, q, k, v):
            self.keys[i, :, :, at : at + 1], self.values[i, :, :, at : at + 1] = k, v
            keys, values = self.keys[i, :, :, : at + 1], self.values[i, :, :, : at + 1]
            return F.scaled_dot_product_attention(q, keys, values)

        return self.through(piece, self.model.position.weight[at], attend)

    def masked(self, piece: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
        def attend(i, q, k, v):
            self.keys[i].index_copy_(2, at.view(1), k)
            self.values[i].index_copy_(2, at.view(1), v)
            mask = (self.places <= at).view(1, 1, 1, -1)
            return F.scaled_dot_product_attention(q, self.keys[i], self.values[i], attn_mask=mask)

        return self.through(piece, self.model.position.weight.index_select(0, at.view(1)), attend)

    def through(self, pieces, position, attend) -> torch.Tensor:
        """The logits behind the last of some pieces; `attend` has queries, keys and values `[1, H, T, D]` of a block."""
        x = self.model.embedding(pieces) + position
        for i, block in enumerate(self.blocks):
            attention = block.attention
            qkv = F.linear(block.norm1(x), attention.in_proj_weight, attention.in_proj_bias)
            q, k, v = qkv.unflatten(-1, (3, attention.heads, -1)).transpose(-2, -4).unbind(-3)
            x = x + attention.out_proj(attend(i, q, k, v).transpose(-2, -3).flatten(-2))
            x = x + block.dense2(F.gelu(block.dense1(block.norm2(x)), approximate="tanh"))
        return self.model.head(self.model.norm(x[:, -1]))[0]


def check(arguments: argparse.Namespace) -> dict:
    text = Text(arguments.folder, "eager")
    pieces = text.whole()
    assert pieces == text.ours, f"we went on with {text.ours}, PyTorch with {pieces}"
    logits = safetensors.torch.load_file(arguments.folder / "logits.safetensors")["logits"]
    return {"relative_error": relative_error(logits, text.logits)}


def run(arguments: argparse.Namespace) -> dict:
    text = Text(arguments.folder, arguments.mode)
    since = time.perf_counter()
    try:
        pieces = compiling(arguments.mode, text.whole)
    except Exception as error:
        if arguments.mode == "eager":
            raise
        said = str(error).strip() or type(error).__name__
        return {"failed": f"torch.compile failed: {said.splitlines()[0]}"}
    compile_s = time.perf_counter() - since if arguments.mode == "compile" else None
    for _ in range(min(WARM_UP, arguments.steps) - 1):
        text.whole()
    step_ms = []
    for _ in range(arguments.steps):
        since = time.perf_counter()
        pieces = text.whole()
        step_ms.append((time.perf_counter() - since) * 1e3 / len(pieces))
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    timing = {"step_ms": step_ms, "peak_kib": peak_kib(), "figure": sum(pieces) / len(pieces)}
    return {"measured": {**timing, "compile_s": compile_s, "versions": versions}}


if __name__ == "__main__":
    main()
