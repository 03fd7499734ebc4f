"""What the scripts share: reading cases, comparing arrays, and one JSON line for each file that was checked."""

import json
import sys
from pathlib import Path

import numpy as np

# The suite's own bound on these small cases; a check that needs more says why.
TOLERANCE = 1e-5


def folder() -> Path:
    """The folder that the Rust side wrote for this script."""
    return Path(sys.argv[1])


def cases():
    """Each case: its folder, and case.json with graph, inputs and expected outputs."""
    for path in sorted(folder().iterdir()):
        if (path / "case.json").exists():
            yield path, json.loads((path / "case.json").read_text())


def array(written) -> np.ndarray:
    """An array as case.json spells it: shape, dtype and numbers, row-major."""
    return np.array(written["data"], dtype=written["dtype"]).reshape(written["shape"])


def worst(found, expected) -> float:
    """The largest difference; shapes must be equal, and NaN is never near anything."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"shape {found.shape}, expected {expected.shape}"
    if found.size == 0:
        return 0.0
    difference = np.abs(found.astype(np.float64) - expected.astype(np.float64)).max()
    assert not np.isnan(difference), "NaN"
    return float(difference)


def near(name: str, found, expected, bound: float = TOLERANCE) -> None:
    """Prints the largest difference, and ends the script if it is over the bound."""
    difference = worst(found, expected)
    report(name, difference)
    assert difference <= bound, f"{name}: differs by {difference}, at most {bound}"


def report(name: str, figure) -> None:
    print(json.dumps({"checked": name, "figure": figure}))


def peak_kib() -> int:
    """The most memory that this process ever had, as Linux counts it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0
