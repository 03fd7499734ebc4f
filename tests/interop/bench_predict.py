"""ONNX Runtime's side of `cargo xtask bench predict`, over a folder that our side has written (tests/src/bench/predict.rs).

    bench_predict.py check FOLDER --threads N
        how far its answers are from ours
    bench_predict.py run FOLDER --steps N --threads N
        warm-up, then the time of each call

Both print one JSON line, as tests/src/bench/process.rs reads it.
"""

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
import onnxruntime
import safetensors.numpy
from common import peak_kib

WARM_UP = 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["check", "run"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--threads", type=int, required=True)
    arguments = parser.parse_args()
    answer = check(arguments) if arguments.verb == "check" else run(arguments)
    print(json.dumps(answer), flush=True)


def opened(arguments: argparse.Namespace):
    """The session, as a function from nothing to its one answer. All graph optimisations are on, which is the default."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    path = arguments.folder / "model.onnx"
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    inputs = safetensors.numpy.load_file(arguments.folder / "inputs.safetensors")
    return lambda: session.run(None, inputs)[0]


def check(arguments: argparse.Namespace) -> dict:
    ours = safetensors.numpy.load_file(arguments.folder / "answers.safetensors")["answers"]
    theirs = opened(arguments)()
    assert theirs.shape == ours.shape, f"shape {ours.shape}, ONNX Runtime's is {theirs.shape}"
    error = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    assert error == error, "an answer is not a number"
    return {"relative_error": error}


def run(arguments: argparse.Namespace) -> dict:
    answer, step_ms = opened(arguments), []
    for _ in range(min(WARM_UP, arguments.steps)):
        last = answer()
    for _ in range(arguments.steps):
        since = time.perf_counter()
        last = answer()
        step_ms.append((time.perf_counter() - since) * 1e3)
    versions = {"onnxruntime": onnxruntime.__version__, "python": platform.python_version()}
    figure = float(last.mean(dtype=np.float64))
    return {"step_ms": step_ms, "peak_kib": peak_kib(), "figure": figure, "compile_s": None, "versions": versions}


if __name__ == "__main__":
    main()
