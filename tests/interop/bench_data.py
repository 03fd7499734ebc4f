"""The other side of `cargo xtask bench data`: the tools that people know, each at its best.

    bench_data.py check JOB FILES FOLDER --passes N --batch N --threads N
        how far its numbers are from those that our side has left in FOLDER (tests/src/bench/data.rs)
    bench_data.py run JOB FILES FOLDER --passes N --batch N --threads N
        the time of each pass from files to the last batch; where there are several, one more goes before them

Both print one JSON line, as tests/src/bench/process.rs reads it. JOB is `images`, `table` or `texts`.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
from common import peak_kib
from safetensors.numpy import load_file


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["check", "run"])
    parser.add_argument("job", choices=list(JOBS))
    parser.add_argument("files", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passes", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    settings = json.loads((arguments.folder / "settings.json").read_text())
    job = JOBS[arguments.job](arguments, settings)
    answer = check(job, arguments, settings) if arguments.verb == "check" else run(job, arguments)
    print(json.dumps(answer), flush=True)


def check(job, arguments, settings) -> dict:
    ours = load_file(arguments.folder / "batch.safetensors")["x"]
    error = job.difference(ours, np.array(settings["rows"]))
    assert error == error, "a number is none"
    return {"relative_error": error}


def run(job, arguments) -> dict:
    if arguments.passes > 1:
        sum(job.batches())
    step_ms = []
    for _ in range(arguments.passes):
        since = time.perf_counter()
        rows = sum(job.batches())
        step_ms.append((time.perf_counter() - since) * 1e3)
    versions = {"python": platform.python_version(), **job.versions}
    return {"step_ms": step_ms, "peak_kib": peak_kib(), "figure": rows, "compile_s": None, "versions": versions}


class Images:
    """ImageFolder behind a DataLoader, whose workers stay from one pass to the next."""

    def __init__(self, arguments, settings):
        import torch
        import torchvision
        from torchvision import transforms

        torch.set_num_threads(arguments.threads)
        self.spread = np.array(settings["spread"], np.float32)
        steps = transforms.Compose([
            transforms.Resize((64, 64)),
            transforms.ToTensor(),
            transforms.Normalize(settings["centre"], settings["spread"]),
        ])
        self.data = torchvision.datasets.ImageFolder(arguments.files, steps)
        self.loader = torch.utils.data.DataLoader(
            self.data, batch_size=arguments.batch, num_workers=arguments.threads, persistent_workers=True
        )
        self.versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}

    def batches(self):
        return (len(images) for images, _ in self.loader)

    def difference(self, ours, rows) -> float:
        """In grey levels, on average; no pixel may be far off."""
        theirs = np.stack([self.data[row][0].numpy() for row in rows])
        apart = np.abs(ours - theirs) * self.spread[:, None, None] * 255
        assert apart.max() <= 8, f"a pixel is {apart.max()} grey levels off"
        return float(apart.mean())


class Table:
    """read_csv and a ColumnTransformer, into one matrix of 32 bits, cut into batches."""

    columns = (
        "age workclass fnlwgt education education_num marital_status occupation relationship race sex "
        "capital_gain capital_loss hours_per_week native_country income"
    ).split()
    numbers = "age fnlwgt education_num capital_gain capital_loss hours_per_week".split()

    def __init__(self, arguments, settings):
        import pandas
        import sklearn
        from sklearn.compose import ColumnTransformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        self.arguments, self.pandas = arguments, pandas
        self.words = [name for name in self.columns[:-1] if name not in self.numbers]
        scaled = make_pipeline(SimpleImputer(), StandardScaler())
        names = OneHotEncoder(dtype=np.float32, handle_unknown="ignore", sparse_output=False)
        self.steps = ColumnTransformer([("number", scaled, self.numbers), ("name", names, self.words)])
        self.versions = {"pandas": pandas.__version__, "scikit-learn": sklearn.__version__}

    def matrix(self):
        table = self.pandas.read_csv(
            self.arguments.files, header=None, names=self.columns, skipinitialspace=True, na_values="?"
        )
        y, _ = self.pandas.factorize(table.pop("income"), sort=True)
        return self.steps.fit_transform(table).astype(np.float32), y

    def batches(self):
        x, y = self.matrix()
        for start in range(0, len(x), self.arguments.batch):
            inputs, _ = x[start : start + self.arguments.batch].copy(), y[start : start + self.arguments.batch].copy()
            yield len(inputs)

    def difference(self, ours, rows) -> float:
        """Ours has the columns as the file has them, and a place in front of each word's for what is missing."""
        theirs = self.matrix()[0][rows]
        places = {name: place for place, name in enumerate(self.steps.get_feature_names_out())}
        known = dict(zip(self.words, self.steps.named_transformers_["name"].categories_))
        columns = []
        for name in self.columns[:-1]:
            if name in self.numbers:
                columns.append(theirs[:, places[f"number__{name}"]])
                continue
            labels = [label for label in known[name] if isinstance(label, str)]
            missing = places.get(f"name__{name}_nan")
            columns.append(np.zeros(len(rows)) if missing is None else theirs[:, missing])
            columns.extend(theirs[:, places[f"name__{name}_{label}"]] for label in sorted(labels))
        theirs = np.stack(columns, axis=1)
        assert theirs.shape == ours.shape, f"shape {ours.shape}, theirs {theirs.shape}"
        return float(np.abs(ours - theirs).max())


class Texts:
    """One call of encode_batch_fast over all texts, with all threads, padded to one length; then cut into batches."""

    def __init__(self, arguments, settings):
        import tokenizers

        self.arguments, said = arguments, settings["text"]
        self.tokenizer = tokenizers.Tokenizer.from_str(said["tokenizer"])
        self.tokenizer.enable_truncation(said["length"])
        self.tokenizer.enable_padding(pad_id=said["padding"], length=said["length"])
        self.versions = {"tokenizers": tokenizers.__version__}

    def places(self):
        lines = self.arguments.files.read_text().rstrip("\n").split("\n")[1:]
        cells = [line.split("\t") for line in lines]
        places = self.tokenizer.encode_batch_fast([cell[1] for cell in cells])
        return np.array([text.ids for text in places]), np.array([int(cell[2]) for cell in cells])

    def batches(self):
        x, y = self.places()
        for start in range(0, len(x), self.arguments.batch):
            inputs, _ = x[start : start + self.arguments.batch].copy(), y[start : start + self.arguments.batch].copy()
            yield len(inputs)

    def difference(self, ours, rows) -> float:
        return float(np.abs(ours - self.places()[0][rows]).max())


JOBS = {"images": Images, "table": Table, "texts": Texts}

if __name__ == "__main__":
    main()
