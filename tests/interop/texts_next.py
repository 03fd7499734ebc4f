"""The tokenizers package cuts a text, or lines that are packed, into the same examples."""

import json

from common import folder, report
from tokenizers import Tokenizer


def pieces(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).ids


def windows(tokenizer, text, length):
    """One behind the other, each with one piece more than is seen; the last is whole."""
    ids = pieces(tokenizer, text)
    starts = [min(start, len(ids) - length - 1) for start in range(0, len(ids) - 1, length)]
    return [ids[start : start + length + 1] for start in starts]


def packed(tokenizer, lines, length):
    """Lines with an end around each; the last example is filled up."""
    (end,) = pieces(tokenizer, "\n")
    ids = [end]
    for line in lines:
        ids += [*pieces(tokenizer, line), end]
    rows = [ids[start : start + length + 1] for start in range(0, len(ids) - 1, length)]
    return [row + [0] * (length + 1 - len(row)) for row in rows]


for path in sorted(folder().glob("*.json")):
    case = json.loads(path.read_text())
    tokenizer, length = Tokenizer.from_str(case["tokenizer"]), case["length"]
    lines, text = case["lines"], "\n".join(case["lines"]) + "\n"
    assert len(text) % 10 == 0 and len(text) > 100_000
    tenth, count = len(text) // 10, 0
    for part, ours in enumerate(case["parts"]):
        if case["examples"] == "windows":
            start, end = [(0, 8), (8, 9), (9, 10)][part]
            rows = windows(tokenizer, text[start * tenth : end * tenth], length)
        else:
            rows = packed(tokenizer, [lines[row] for row in case["split"][part]], length)
        seen, told = ([piece for row in rows for piece in row[side]] for side in (slice(0, -1), slice(1, None)))
        assert [seen, told] == ours, f"{path.name}: part {part}"
        count += len(rows)
    report(f"{case['by']}, {case['examples']}", count)
