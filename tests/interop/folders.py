"""The networks of `folders_write.py`, opened by transformers: their logits are ours.

    folders.py FOLDER
        ids.json has texts as ids, logits.safetensors ours for them, head.safetensors the head that we put behind the BERT
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import json

import safetensors.torch
import torch
from common import folder, near
from transformers import AutoModel, AutoModelForCausalLM

# Logits of some tens, and sums of two blocks in another order.
TOLERANCE = 1e-4


def main() -> None:
    ids = {name: torch.tensor(rows) for name, rows in json.loads((folder() / "ids.json").read_text()).items()}
    ours = safetensors.torch.load_file(folder() / "logits.safetensors")
    near("gpt2", ours["gpt2"], gpt2(ids["gpt2"]), TOLERANCE)
    near("bert", ours["bert"], bert(ids["bert"]), TOLERANCE)


@torch.inference_mode()
def gpt2(ids: torch.Tensor) -> torch.Tensor:
    model = opened(AutoModelForCausalLM, "gpt2")
    return model(ids).logits


@torch.inference_mode()
def bert(ids: torch.Tensor) -> torch.Tensor:
    """The mean over the places that count, and the head."""
    counts = (ids != 0).long()
    states = opened(AutoModel, "bert")(ids, attention_mask=counts).last_hidden_state
    mean = (states * counts.unsqueeze(-1)).sum(1) / counts.sum(1, keepdim=True)
    head = safetensors.torch.load_file(folder() / "head.safetensors")
    return torch.nn.functional.linear(mean, head["weight"], head["bias"])


def opened(kind, name: str) -> torch.nn.Module:
    model, loaded = kind.from_pretrained(folder() / name, dtype=torch.float32, output_loading_info=True)
    assert not loaded["missing_keys"] and not loaded["unexpected_keys"], loaded
    return model.eval()


if __name__ == "__main__":
    main()
