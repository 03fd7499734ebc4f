"""pandas reads the same files: the same values, and the same ones are missing."""

import json

import pandas as pd
import pyarrow as pa
from common import folder, report

MISSING = {"keep_default_na": False, "na_values": ["", "NA", "NaN", "?"]}


def read(source):
    (kind, said), = source.items()
    path = folder() / said["path"]
    if kind == "parquet":
        return pd.read_parquet(path)
    if kind == "jsonl":
        return pd.read_json(path, lines=True, precise_float=True)
    if path.suffix == ".zst":
        return pd.read_csv(pa.input_stream(str(path), compression="zstd"), **MISSING)
    encoding = {"latin1": "latin-1"}.get(said.get("encoding"), said.get("encoding"))
    if path.name == "utf16.csv":
        encoding = "utf-16"
    return pd.read_csv(
        path,
        sep=None if path.suffix != ".gz" else ",",
        engine="python" if path.suffix != ".gz" else "c",
        quotechar=said.get("quote", '"'),
        encoding=encoding or "utf-8-sig",
        **MISSING,
    )


def expected(value):
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return str(value)
    return value if isinstance(value, str) else float(value)


for path in sorted(folder().glob("*.found.json")):
    case = json.loads(path.read_text())
    frame = read(case["source"])
    assert list(frame.columns) == case["columns"], f"{path.name}: {list(frame.columns)}"
    for name, found in zip(case["columns"], case["values"], strict=True):
        wanted = [expected(value) for value in frame[name].astype(object)]
        if name == "flag":  # a word to us, however it is spelled
            wanted, found = [value.lower() for value in wanted], [value.lower() for value in found]
        assert found == wanted, f"{case['name']}, {name}: {found} is not {wanted}"
    report(case["name"], int(frame.isna().sum().sum()))
