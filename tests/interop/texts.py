"""The tokenizers package reads what was learned here, cuts the same texts alike, and learns the same pieces."""

import json
import unicodedata

from common import folder, report
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ["[PAD]", "[UNK]"]


def normal(steps, text):
    for step in steps:
        settings = step.get("normalise_text")
        if settings is not None:
            form = settings.get("form", "nfc")
            text = text if form == "as_is" else unicodedata.normalize(form.upper(), text)
            text = text.lower() if settings.get("lower") else text
    return text


def places(tokenizer, text, step):
    keep = {"start": "right", "end": "left"}[step.get("keep", "start")]
    tokenizer.enable_truncation(step["length"], direction=keep)
    ids = tokenizer.encode(text).ids
    rest = [0] * (step["length"] - len(ids))
    return rest + ids if step.get("fill") == "start" else ids + rest


def learned(texts, step):
    """The same pieces, learned by the package itself; only where its result does not hang on the order of a hash."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=step["vocabulary"], special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.get_vocab()


for path in sorted(folder().glob("*.json")):
    case = json.loads(path.read_text())
    tokenizer, step = Tokenizer.from_str(case["tokenizer"]), case["steps"][-1]["tokenise"]
    texts = [normal(case["steps"], text) for text in case["texts"]]
    for text, ids in zip(texts, case["ids"], strict=True):
        expected = places(tokenizer, text, step)
        assert ids == expected, f"{path.name}: {text!r} is {ids}, expected {expected}"
    if step["by"] == "bpe":
        assert learned(texts[: case["train"]], step) == tokenizer.get_vocab(), path.name
        tokenizer.no_truncation()
        for text in texts:
            back = tokenizer.decode(tokenizer.encode(text).ids)
            assert back == text, f"{text!r} comes back as {back!r}"
    report(json.dumps(case['steps']), len(texts))
