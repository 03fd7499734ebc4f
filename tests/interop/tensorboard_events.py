"""TensorBoard reads our event files, and its server shows them: curves equal to a run's history, its graph, its settings, histograms as
TensorBoard makes them of the same weights, precision-recall curves as scikit-learn counts them, images, and texts."""

import io
import json
import time
import urllib.parse
import urllib.request

import numpy as np
import pandas
from common import folder, near, report
from PIL import Image
from safetensors.numpy import load_file
from sklearn.metrics import confusion_matrix, precision_score, recall_score
from tensorboard import program
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.util.tensor_util import make_ndarray

RUNS = folder() / "runs"
NAMES = ["iris", "languages", "pictures", "verse"]


def events(name: str) -> EventAccumulator:
    accumulator = EventAccumulator(str(RUNS / f"{name}-0001/tensorboard"), size_guidance={"tensors": 0, "scalars": 0})
    accumulator.Reload()
    return accumulator


def read(path: str):
    return json.loads((RUNS / path).read_text())


iris = events("iris")
history = read("iris-0001/3-train/history.json")
metric = lambda epoch: epoch["valid_metrics"][0]["value"]
curves = {"loss/train": "train_loss", "loss/valid": "valid_loss", "learning_rate": "learning_rate", "accuracy/valid": None}
for tag, key in curves.items():
    wanted = [(epoch["step"], epoch[key] if key else metric(epoch)) for epoch in history["epochs"]]
    found = [(event.step, event.value) for event in iris.Scalars(tag)]
    assert [step for step, _ in found] == [step for step, _ in wanted], f"{tag}: {found}"
    near(tag, [value for _, value in found], np.float32([value for _, value in wanted]), 0.0)

graph = read("iris-0001/2-models/graph.json")
names = [node["name"] for node in graph["nodes"]]
wanted = {node["name"]: [names[place] for place in node["inputs"]] for node in graph["nodes"]}
found = {node.name: list(node.input) for node in iris.Graph().node}
assert found == wanted, f"{found}, expected {wanted}"
for node in iris.Graph().node:
    sizes = [dim.size for dim in node.attr["_output_shapes"].list.shape[0].dim]
    assert sizes[0] == -1 and len(sizes) == 2, f"{node.name}: {sizes}"
    assert node.op in node.attr["layer"].s.decode(), node
report("graph", len(found))


def hparams(what: str, of=iris):
    content = of.SummaryMetadata(f"_hparams_/{what}").plugin_data.content
    return getattr(HParamsPluginData.FromString(content), what)


start = hparams("session_start_info")
assert start.group_name == "iris-0001"
for key, value in json.loads((folder() / "expected.json").read_text())["settings"].items():
    found = start.hparams[key]
    assert getattr(found, found.WhichOneof("kind")) == value, f"{key}: {found}, expected {value}"
assert hparams("session_end_info").status == 1
compared = {key for name in NAMES for key in hparams("session_start_info", events(name)).hparams}
report("settings", len(compared))


def tensors(accumulator: EventAccumulator, plugin: str):
    """All tags of a plugin, each with its steps and arrays."""
    tags = accumulator.summary_metadata.items()
    of = [tag for tag, metadata in tags if metadata.plugin_data.plugin_name == plugin]
    return {tag: [(event.step, make_ndarray(event.tensor_proto)) for event in accumulator.Tensors(tag)] for tag in of}


means = {"iris": ".exp_avg", "pictures": ".momentum_buffer", "verse": ".exp_avg", "languages": ".exp_avg"}
for name in NAMES:
    epochs = read(f"{name}-0001/3-train/history.json")["epochs"]
    newest = max((RUNS / f"{name}-0001/3-train/checkpoints").iterdir())
    state = load_file(newest / "state.safetensors")
    weights = {f"weights/{key.removeprefix('weights.')}": value for key, value in state.items() if key.startswith("weights.")}
    gradients = {
        f"mean_gradients/{key.removeprefix('moments.').removesuffix(means[name])}": value
        for key, value in state.items()
        if key.startswith("moments.") and key.endswith(means[name])
    }
    assert gradients
    wanted, found = weights | gradients, tensors(events(name), "histograms")
    assert set(found) == set(wanted), f"{name}: {set(found) ^ set(wanted)}"
    for tag, numbers in wanted.items():
        assert [step for step, _ in found[tag]] == [epoch["step"] for epoch in epochs], f"{name}, {tag}"
        bars = make_ndarray(histogram_pb(tag, numbers).value[0].tensor)
        assert (found[tag][-1][1] == bars).all(), f"{name}, {tag}: {found[tag][-1][1]}, expected {bars}"
    report(f"{name}: histograms", len(wanted))

parts = pandas.read_parquet(RUNS / "iris-0001/1-data/splits.parquet")
valid = parts[parts.part == "valid"].row.to_numpy()
truth = pandas.read_csv(folder() / "iris.csv").species.to_numpy()[valid]
answers = [json.loads(line)["answers"]["species"] for line in (folder() / "answers.jsonl").read_text().splitlines()]
probabilities = np.float32([answer["probabilities"] for answer in answers])[valid]
best = history["epochs"][history["best_epoch"]]["step"]
shown = tensors(iris, "pr_curves")
labels = sorted(set(truth))
assert set(shown) == {f"valid/{label}" for label in labels}, set(shown)
for place, label in enumerate(labels):
    found = dict(shown[f"valid/{label}"])[best]
    for column in range(201):
        fits, said = truth == label, probabilities[:, place] >= column / 200
        (tn, fp), (fn, tp) = confusion_matrix(fits, said, labels=[False, True])
        judged = [score(fits, said, zero_division=0) for score in (precision_score, recall_score)]
        near(f"{label} at {column}", found[:, column], np.float32([tp, fp, tn, fn, *judged]), 1e-6)


def ask(path: str, body=None, **query):
    data = None if body is None else json.dumps(body).encode()
    address = f"{url}data/plugin/{path}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(address, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def asked(path: str, body=None, **query):
    return json.loads(ask(path, body, **query))


board = program.TensorBoard()
board.configure(argv=[None, "--logdir", str(RUNS), "--host", "127.0.0.1", "--port", "0", "--load_fast", "false"])
url = board.launch()
runs = {f"{name}-0001/tensorboard" for name in NAMES}
for _ in range(240):
    if set(asked("histograms/tags")) == runs and set(asked("text/tags")) and set(asked("images/tags")):
        break
    time.sleep(0.25)
assert set(asked("scalars/tags")["iris-0001/tensorboard"]) >= set(curves)
assert all(info["run_graph"] for info in asked("graphs/info").values()) and set(asked("graphs/info")) == runs
drawn = ask("graphs/graph", run="iris-0001/tensorboard", conceptual="false").decode()
assert all(f'name: "{name}"' in drawn for name in names), drawn
bars = asked("histograms/histograms", run="iris-0001/tensorboard", tag=f"weights/{names[-1]}.weight")
assert len(bars) == len(history["epochs"]) and len(bars[0][2]) == 30, bars
curve = asked("pr_curves/pr_curves", run="iris-0001/tensorboard", tag=f"valid/{labels[0]}")["iris-0001/tensorboard"]
assert len(curve) == len(history["epochs"]) and max(curve[-1]["recall"]) == 1.0, curve
experiment = asked("hparams/experiment", {"experimentName": ""})
assert {info["name"] for info in experiment["hparamInfos"]} == compared, experiment
assert {info["name"]["tag"] for info in experiment["metricInfos"]} >= set(curves), experiment
query = {"experimentName": "", "colParams": [], "startIndex": 0, "sliceSize": 9, "allowedStatuses": ["STATUS_SUCCESS"]}
groups = asked("hparams/session_groups", query)["sessionGroups"]
assert {group["name"] for group in groups} == {f"{name}-0001" for name in NAMES}, groups
report("server", len(groups))

tags = asked("images/tags")["pictures-0001/tensorboard"]
assert 4 <= len(tags) <= 8 and {tag.split(" ")[1] for tag in tags} == {"left", "right"}, tags
files = {path: np.asarray(Image.open(path)) for path in (folder() / "pictures").rglob("*.png")}
for tag in tags:
    (image,) = asked("images/images", run="pictures-0001/tensorboard", tag=tag)
    pixels = np.asarray(Image.open(io.BytesIO(ask(f"images/individualImage?{image['query']}&x"))))
    (path,) = [path for path, known in files.items() if (known == pixels).all()]
    assert tag.split(" ")[1] == path.parent.name, f"{tag}: {path}"
report("images", len(tags))

(tag,) = asked("text/tags")["verse-0001/tensorboard"]
texts = asked("text/text", run="verse-0001/tensorboard", tag=tag)
steps = [epoch["step"] for epoch in read("verse-0001/3-train/history.json")["epochs"]]
assert [text["step"] for text in texts] == steps and all("<pre><code>" in text["text"] for text in texts), texts
(_, written), = tensors(events("verse"), "text")["written"][-1:]
letters = set((folder() / "verse.txt").read_text())
assert written.shape == (1, 1) and set(written[0, 0].decode()) <= letters, written

(_, table), = tensors(events("languages"), "text")["valid"]
known = pandas.read_csv(folder() / "languages.csv")
rows = pandas.read_parquet(RUNS / "languages-0001/1-data/splits.parquet")
rows = known.iloc[rows[rows.part == "valid"].row.to_numpy()[:8]]
cells = [[cell.decode().strip() for cell in row] for row in table]
assert cells[0] == ["text", "label", "answer"] and len(cells) == 9, cells
assert [cell[:2] for cell in cells[1:]] == [[text.strip(), label] for text, label in zip(rows.text, rows.language)], cells
assert {cell[2] for cell in cells[1:]} <= set(known.language), cells
report("texts", len(cells))
