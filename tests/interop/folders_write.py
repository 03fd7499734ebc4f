"""Writes a GPT-2 and a BERT of random numbers as transformers does, each with a tokenizer, and texts to learn from.

    folders_write.py FOLDER
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from common import folder, report
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

VERSE = "the rain in spain stays mainly in the plain;\nnobody was seen where the river was green;\n"
WORDS = ["good", "bad", "plain", "rain", "river", "green", "never", "always"]


def main() -> None:
    (folder() / "verse.txt").write_text(VERSE * 40)
    rows = [f"{WORDS[i % 8]} {WORDS[i * 5 % 7]} {WORDS[i // 8 % 8]},{'yes' if i % 8 < 4 else 'no'}" for i in range(160)]
    (folder() / "said.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    pieces = bytes_tokenizer()
    config = GPT2Config(vocab_size=pieces.get_vocab_size(), n_positions=40, n_embd=32, n_layer=2, n_head=4)
    write("gpt2", GPT2LMHeadModel(config), pieces, torch.bfloat16)
    pieces = words_tokenizer()
    config = BertConfig(
        vocab_size=pieces.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=24,
    )
    write("bert", BertModel(config), pieces, torch.float16)


def bytes_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=290, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator([VERSE], trainer)
    return tokenizer


def words_tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=60, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.train_from_iterator(WORDS, trainer)
    return tokenizer


def write(name: str, model: torch.nn.Module, tokenizer: Tokenizer, dtype: torch.dtype) -> None:
    """As it starts, a network of transformers has many zeros and ones, behind which a mistake could hide. Halves, as most are given away."""
    torch.manual_seed(5)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    model.to(dtype).save_pretrained(folder() / name)
    tokenizer.save(str(folder() / name / "tokenizer.json"))
    report(name, sum(parameter.numel() for parameter in model.parameters()))


if __name__ == "__main__":
    main()
