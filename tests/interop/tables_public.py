"""pandas reads the tables that others published; what it found is compared by the Rust side, value for value."""

import json

import pandas as pd
from common import folder, report

for said in json.loads((folder() / "files.json").read_text()):
    frame = pd.read_csv(
        said["path"],
        sep=said["delimiter"],
        header=0 if said["header"] else None,
        quoting=0 if said["quote"] else 3,
        skipinitialspace=said["trim"],
        keep_default_na=False,
        na_values=["", "NA", "NaN", "?"],
        float_precision="round_trip",
    )
    if not said["header"]:
        frame.columns = [f"column_{place + 1}" for place in range(frame.shape[1])]
    numbers = [pd.api.types.is_numeric_dtype(kind) and kind.kind != "b" for kind in frame.dtypes]
    columns = [frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame.columns]
    found = {"columns": list(frame.columns), "numbers": numbers, "values": columns}
    (folder() / f"{said['name']}.json").write_text(json.dumps(found))
    report(said["name"], int(frame.isna().sum().sum()))
