"""Writes one table in every way that pandas and pyarrow can write it and Baeum reads it."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
from common import folder, report

ROWS = 60
rng = np.random.default_rng(5)
WORDS = ["plain", 'with "quotes"', "with, comma", "with\nline end", " spaces ", "semi;colon", "a|b", "tab\there"]


def table(words):
    """Numbers with gaps, whole numbers, words with gaps, and a target; no two rows are the same."""
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=ROWS) * 10.0 ** rng.integers(-8, 9, size=ROWS),
            "count": rng.integers(-1000, 1000, size=ROWS),
            "word": [words[i % len(words)] for i in range(ROWS)],
            "flag": rng.integers(0, 2, size=ROWS).astype(bool),
            "y": [["u", "v"][i % 2] for i in range(ROWS)],
        }
    )
    frame.loc[[3, 17, 41], "size"] = np.nan
    frame.loc[[5, 30], "word"] = None
    return frame


def put(name, source, write):
    write(folder() / name)
    (folder() / f"{name}.json").write_text(json.dumps({"name": name, "source": source}))
    report(name, ROWS)


def csv(name, words=WORDS, said=None, **options):
    frame = table(words)
    options.setdefault("index", False)
    put(name, {"csv": {"path": name, **(said or {})}}, lambda path: frame.to_csv(path, **options))


def by_zstd(path, text):
    with pa.CompressedOutputStream(str(path), "zstd") as file:
        file.write(text.encode())


csv("plain.csv")
csv("tab.csv", sep="\t")
csv("semicolon.csv", sep=";")
csv("bar.csv", sep="|")
csv("crlf.csv", lineterminator="\r\n")
csv("all-quoted.csv", quoting=1)
csv("packed.csv.gz")
put("packed.csv.zst", {"csv": {"path": "packed.csv.zst"}}, lambda path: by_zstd(path, table(WORDS).to_csv(index=False)))
csv("marked.csv", encoding="utf-8-sig")
csv("utf16.csv", words=["배움", "끝이 없다", "é"], encoding="utf-16")
csv("korean.csv", words=["배움", "끝이 없다", "값, 둘"], encoding="cp949", said={"encoding": "cp949"})
csv("latin.csv", words=["café", "naïve", "Größe"], encoding="latin-1", said={"encoding": "latin1"})
csv("single-quotes.csv", quotechar="'", said={"quote": "'"})
for codec in ["snappy", "gzip", "zstd", "lz4", "brotli", None]:
    frame, name = table(WORDS), f"{codec or 'plain'}.parquet"
    put(name, {"parquet": {"path": name}}, lambda path: frame.to_parquet(path, compression=codec))
frame = table(WORDS)
frame["word"] = pd.Categorical(frame["word"])
put("groups.parquet", {"parquet": {"path": "groups.parquet"}}, lambda path: frame.to_parquet(path, row_group_size=7))
lines = table(WORDS)
put("lines.jsonl", {"jsonl": {"path": "lines.jsonl"}}, lambda path: lines.to_json(path, orient="records", lines=True, double_precision=15))
put("lines.jsonl.gz", {"jsonl": {"path": "lines.jsonl.gz"}}, lambda path: lines.to_json(path, orient="records", lines=True, double_precision=15))
