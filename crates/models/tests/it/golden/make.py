"""Writes layers.json: what PyTorch makes of each of our layers in two steps of SGD and of AdamW.

Run it with a Python that has torch; ../golden.rs reads the file. Every case is a network as a recipe spells it, so the names
of parameters are the test's as well. Numbers are f32, written so that they read back exactly.
"""
import json
import pathlib
import sys

import torch
from torch import nn

sys.path.append(str(pathlib.Path(__file__).parents[5] / "tests/interop"))
import torch_layers

KINDS = {}


def kind(function):
    KINDS[function.__name__] = function
    return function


def pair(size):
    return tuple(size) if isinstance(size, list) else (size, size)


@kind
def dense(shape, units, bias=True):
    return nn.Linear(shape[-1], units, bias)


@kind
def grouped_dense(shape, groups, units):
    return torch_layers.GroupedDense(groups, units)


@kind
def scale(shape, axes=1, start=1.0, signs=False, bias=None):
    return torch_layers.Scale(shape[-axes:], bias is not None)


@kind
def ensemble(shape, members):
    return torch_layers.Ensemble(members)


class Heads(torch_layers.GroupedDense):
    """One for each member of an ensemble: `[batch, members, n]` to `[batch, members, classes]`."""

    def forward(self, x):
        return super().forward(x.flatten(1))


@kind
def heads(shape, units):
    return Heads([shape[2]] * shape[1], units)


@kind
def conv2d(shape, filters, kernel, stride=1, padding=0, dilation=1, groups=1, bias=True):
    return nn.Conv2d(shape[1], filters, pair(kernel), pair(stride), pair(padding), pair(dilation), groups, bias)


@kind
def conv_transpose2d(shape, filters, kernel, stride=1, padding=0, output_padding=0, dilation=1, groups=1, bias=True):
    sizes = pair(kernel), pair(stride), pair(padding), pair(output_padding)
    return nn.ConvTranspose2d(shape[1], filters, *sizes, groups, bias, pair(dilation))


@kind
def conv1d(shape, filters, kernel, stride=1, padding=0, dilation=1, groups=1, bias=True):
    return nn.Conv1d(shape[1], filters, kernel, stride, padding, dilation, groups, bias)


@kind
def max_pool2d(shape, kernel, stride=None, padding=0, ceil_mode=False):
    return nn.MaxPool2d(pair(kernel), None if stride is None else pair(stride), pair(padding), ceil_mode=ceil_mode)


@kind
def avg_pool2d(shape, kernel, stride=None, padding=0, ceil_mode=False):
    return nn.AvgPool2d(pair(kernel), None if stride is None else pair(stride), pair(padding), ceil_mode)


@kind
def max_pool1d(shape, kernel, stride=None, padding=0, ceil_mode=False):
    return nn.MaxPool1d(kernel, stride, padding, ceil_mode=ceil_mode)


@kind
def avg_pool1d(shape, kernel, stride=None, padding=0, ceil_mode=False):
    return nn.AvgPool1d(kernel, stride, padding, ceil_mode)


@kind
def upsample(shape, factor, mode="nearest"):
    return nn.Upsample(scale_factor=pair(factor), mode=mode)


@kind
def adaptive_avg_pool2d(shape, size):
    return nn.AdaptiveAvgPool2d(pair(size))


@kind
def adaptive_max_pool2d(shape, size):
    return nn.AdaptiveMaxPool2d(pair(size))


@kind
def global_avg_pool(shape):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


@kind
def batch_norm(shape, eps=1e-5, momentum=0.1):
    return (nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d)(shape[1], eps, momentum)


@kind
def layer_norm(shape, eps=1e-5):
    return nn.LayerNorm(shape[-1], eps)


@kind
def rms_norm(shape, eps=1e-5):
    return nn.RMSNorm(shape[-1], eps)


@kind
def group_norm(shape, groups, eps=1e-5):
    return nn.GroupNorm(groups, shape[1], eps)


@kind
def instance_norm(shape, eps=1e-5):
    return torch_layers.InstanceNorm(eps)


@kind
def gelu(shape, approximate="none"):
    return nn.GELU(approximate)


@kind
def dropout(shape, p):
    assert p == 0.0, "random masks are not PyTorch's"
    return nn.Dropout(p)


@kind
def embedding(shape, vocabulary, units):
    return nn.Embedding(vocabulary, units)


@kind
def flatten(shape, axis=1):
    return nn.Flatten(axis)


@kind
def position_embedding(shape, length):
    return torch_layers.PositionEmbedding(length, shape[-1])


@kind
def sinusoidal_positions(shape):
    return torch_layers.SinusoidalPositions()


@kind
def multi_head_attention(shape, heads, causal=False, bias=True, positions="none", kv_heads=None):
    return torch_layers.SelfAttention(shape[-1], heads, causal, bias, positions, kv_heads)


@kind
def lstm(shape, units, bidirectional=False, returns="sequence", layers=1):
    return torch_layers.Lstm(shape[-1], units, bidirectional, returns, layers)


@kind
def gru(shape, units, bidirectional=False, returns="sequence", layers=1):
    return torch_layers.Gru(shape[-1], units, bidirectional, returns, layers)


@kind
def mean_over_time(shape):
    return torch_layers.MeanOverTime()


@kind
def max_over_time(shape):
    return torch_layers.MaxOverTime()


@kind
def transpose(shape):
    return torch_layers.Transpose()


@kind
def patches(shape, size, stride=None):
    return torch_layers.Patches(size, stride)


@kind
def pad1d(shape, before, after, mode="zeros"):
    return torch_layers.pad1d(before, after, mode)


for name, module in {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "silu": nn.SiLU, "softplus": nn.Softplus, "mish": nn.Mish}.items():
    KINDS[name] = lambda shape, module=module: module()
KINDS["leaky_relu"] = lambda shape, slope=0.01: nn.LeakyReLU(slope)
KINDS["elu"] = lambda shape, alpha=1.0: nn.ELU(alpha)
KINDS["hard_tanh"] = lambda shape, low=-1.0, high=1.0: nn.Hardtanh(low, high)
for name in ["add", "subtract", "multiply", "concat"]:
    KINDS[name] = lambda shape, **settings: nn.Identity()


class Net(nn.Module):
    """The layers of a recipe, the head included, under the names that our graph gives them."""

    def __init__(self, layers, x, classes):
        super().__init__()
        self.steps, counts = [], {}
        values = {"x": x}
        before = "x"
        head = "heads" if any("ensemble" in layer for layer in layers) else "dense"
        for spec in layers + [{"name": "head", "layer": {head: {"units": classes}}}]:
            layer = spec["layer"] if isinstance(spec, dict) and "layer" in spec else spec
            what, settings = (layer, {}) if isinstance(layer, str) else next(iter(layer.items()))
            counts[what] = counts.get(what, 0) + 1
            name = spec.get("name") if isinstance(spec, dict) else None
            name = name or f"{what}{counts[what]}"
            reads = spec.get("from", [before]) if isinstance(spec, dict) else [before]
            if what != "unembedding":  # its table is the embedding's
                self.add_module(name, KINDS[what](values[reads[0]].shape, **settings))
            self.steps.append((name, what, settings, reads))
            values[name] = self.step(self.steps[-1], values)
            before = name

    def step(self, step, values):
        name, what, settings, reads = step
        if what == "add":
            return sum(values[read] for read in reads)
        if what == "subtract":
            return values[reads[0]] - values[reads[1]]
        if what == "multiply":
            return values[reads[0]] * values[reads[1]]
        if what == "concat":
            return torch.cat([values[read] for read in reads], settings.get("axis", 1))
        if what == "unembedding":
            return nn.functional.linear(values[reads[0]], self.get_submodule(settings["table"]).weight)
        return self.get_submodule(name)(values[reads[0]])

    def forward(self, x):
        values = {"x": x}
        for step in self.steps:
            values[step[0]] = self.step(step, values)
        return values["head"]


def together(said, loss):
    """What the members of an ensemble say: the mean of their numbers, or scores of the mean of their probabilities."""
    if said.dim() < 3:
        return said
    if loss == "mse":
        return said.mean(1)
    return said.sigmoid().mean(1).logit() if loss == "bce" else said.softmax(-1).mean(1).log()


IMAGE, SEQUENCE = [2, 5, 4], [5, 4]
CASES = {
    "dense": ([7], [{"dense": {"units": 5}}, {"dense": {"units": 4, "bias": False}}], {}),
    "clip": ([7], [{"dense": {"units": 5}}], {"clip": 0.05}),
    "mse": ([7], [{"dense": {"units": 5}}, "tanh"], {"loss": "mse"}),
    "bce": ([7], [{"dense": {"units": 5}}, "tanh"], {"loss": "bce"}),
    "class_weights": ([7], [{"dense": {"units": 5}}, "tanh"], {"weights": [0.5, 4.0, 1.0]}),
    "smoothing": ([7], [{"dense": {"units": 5}}, "tanh"], {"smoothing": 0.1}),
    "class_weights_smoothing": ([7], [{"dense": {"units": 5}}, "tanh"], {"weights": [0.3, 2.0, 0.0], "smoothing": 0.2}),
    "soft": ([7], [{"dense": {"units": 5}}, "tanh"], {"soft": True}),
    "soft_class_weights_smoothing": ([7], [{"dense": {"units": 5}}, "tanh"], {"soft": True, "weights": [0.3, 2.0, 0.0], "smoothing": 0.2}),
    "conv2d": (IMAGE, [{"conv2d": {"filters": 3, "kernel": 3, "padding": 1}}, "tanh",
                       {"conv2d": {"filters": 2, "kernel": [1, 2], "stride": [2, 1], "bias": False}}, "flatten"], {}),
    "conv2d_groups": (IMAGE, [{"conv2d": {"filters": 4, "kernel": [3, 2], "stride": [2, 1], "padding": [1, 2],
                                          "dilation": [2, 1], "groups": 2}}, "flatten"], {}),
    "conv2d_depthwise": ([3, 4, 4], [{"conv2d": {"filters": 3, "kernel": 1}},
                                     {"conv2d": {"filters": 6, "kernel": 3, "padding": 1, "groups": 3}}, "flatten"], {}),
    "conv1d": (SEQUENCE, [{"conv1d": {"filters": 4, "kernel": 3, "padding": 1}}, "batch_norm", "relu",
                          {"conv1d": {"filters": 2, "kernel": 2, "stride": 2, "bias": False}}, "flatten"], {}),
    "conv1d_groups": ([4, 9], [{"conv1d": {"filters": 6, "kernel": 3, "stride": 2, "padding": 2, "dilation": 2, "groups": 2}}, "flatten"], {}),
    "conv1d_depthwise": ([3, 6], [{"conv1d": {"filters": 3, "kernel": 1}}, {"conv1d": {"filters": 6, "kernel": 3, "groups": 3}}, "flatten"], {}),
    "max_pool2d": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 1}}, {"max_pool2d": {"kernel": 2}}, "flatten"], {}),
    "max_pool2d_overlap": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 1}},
                                   {"max_pool2d": {"kernel": [3, 2], "stride": [2, 1], "padding": [1, 1]}}, "flatten"], {}),
    "max_pool2d_ceil": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 1}},
                                {"max_pool2d": {"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True}}, "flatten"], {}),
    "avg_pool2d_ceil": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 1}},
                                {"avg_pool2d": {"kernel": [3, 2], "stride": [3, 3], "padding": [1, 0], "ceil_mode": True}}, "flatten"], {}),
    "avg_pool1d_ceil": (SEQUENCE, [{"conv1d": {"filters": 3, "kernel": 1}}, {"avg_pool1d": {"kernel": 3, "stride": 4, "padding": 1, "ceil_mode": True}}, "flatten"], {}),
    "adaptive_max_pool2d": (IMAGE, [{"conv2d": {"filters": 3, "kernel": 2}}, {"adaptive_max_pool2d": {"size": [3, 2]}}, "flatten"], {}),
    "avg_pool2d": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 1}},
                           {"avg_pool2d": {"kernel": 2, "stride": 1, "padding": 1}}, "flatten"], {}),
    "max_pool1d": (SEQUENCE, [{"conv1d": {"filters": 3, "kernel": 1}}, {"max_pool1d": {"kernel": 3, "stride": 2, "padding": 1}}, "flatten"], {}),
    "avg_pool1d": (SEQUENCE, [{"conv1d": {"filters": 3, "kernel": 1}}, {"avg_pool1d": {"kernel": 2}}, "flatten"], {}),
    "pad1d": (SEQUENCE, [{"conv1d": {"filters": 3, "kernel": 1}}, {"pad1d": {"before": 4, "after": 0}},
                         {"conv1d": {"filters": 2, "kernel": 3, "dilation": 2}}, "flatten"], {}),
    "moving_average": (SEQUENCE, [{"conv1d": {"filters": 3, "kernel": 1}}, {"pad1d": {"before": 1, "after": 2, "mode": "replicate"}},
                                  {"avg_pool1d": {"kernel": 4, "stride": 1}}, {"layer": "subtract", "from": ["conv1d1", "avg_pool1d1"]}, "flatten"], {}),
    "conv_transpose2d": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 2}}, {"conv_transpose2d": {"filters": 3, "kernel": 3, "stride": 2, "padding": 1, "output_padding": 1}},
                                "tanh", {"conv2d": {"filters": 2, "kernel": 2}}, "flatten"], {}),
    "conv_transpose2d_groups": (IMAGE, [{"conv2d": {"filters": 4, "kernel": 2}}, {"conv_transpose2d": {"filters": 6, "kernel": [2, 3], "stride": [1, 2],
                                                "dilation": [2, 1], "groups": 2, "bias": False}}, "flatten"], {}),
    "upsample": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 2}}, {"upsample": {"factor": 2}}, {"conv2d": {"filters": 2, "kernel": 2}}, "flatten"], {}),
    "upsample_bilinear": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 2}}, {"upsample": {"factor": [2, 3], "mode": "bilinear"}},
                                  {"conv2d": {"filters": 2, "kernel": 2}}, "flatten"], {}),
    "adaptive_avg_pool2d": (IMAGE, [{"conv2d": {"filters": 3, "kernel": 2}}, {"adaptive_avg_pool2d": {"size": [3, 2]}}, "flatten"], {}),
    "global_avg_pool": (IMAGE, [{"conv2d": {"filters": 3, "kernel": 2}}, "relu", "global_avg_pool"], {}),
    "batch_norm": ([7], [{"dense": {"units": 4, "bias": False}}, "batch_norm"], {}),
    "batch_norm_image": (IMAGE, [{"conv2d": {"filters": 3, "kernel": 2, "bias": False}},
                                 {"batch_norm": {"eps": 1e-3, "momentum": 0.3}}, "relu", "flatten"], {}),
    "layer_norm": ([7], [{"dense": {"units": 4}}, "layer_norm"], {}),
    "layer_norm_image": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 2}}, {"layer_norm": {"eps": 1e-3}}, "flatten"], {}),
    "rms_norm": ([7], [{"dense": {"units": 4}}, "rms_norm"], {}),
    "rms_norm_image": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 2}}, {"rms_norm": {"eps": 1e-3}}, "flatten"], {}),
    "group_norm": ([7], [{"dense": {"units": 6}}, {"group_norm": {"groups": 2}}], {}),
    "group_norm_image": (IMAGE, [{"conv2d": {"filters": 4, "kernel": 2}}, {"group_norm": {"groups": 2, "eps": 1e-3}}, "flatten"], {}),
    "instance_norm": ([3, 6], [{"conv1d": {"filters": 4, "kernel": 2}}, "instance_norm", "tanh", {"conv1d": {"filters": 2, "kernel": 2}}, "flatten"], {}),
    "relu": ([7], [{"dense": {"units": 5}}, "relu"], {}),
    "gelu": ([7], [{"dense": {"units": 5}}, "gelu"], {}),
    "gelu_tanh": ([7], [{"dense": {"units": 5}}, {"gelu": {"approximate": "tanh"}}], {}),
    "sigmoid": ([7], [{"dense": {"units": 5}}, "sigmoid"], {}),
    "silu": ([7], [{"dense": {"units": 5}}, "silu"], {}),
    "leaky_relu": ([7], [{"dense": {"units": 5}}, {"leaky_relu": {"slope": 0.2}}], {}),
    "elu": ([7], [{"dense": {"units": 5}}, {"elu": {"alpha": 1.5}}], {}),
    "softplus": ([7], [{"dense": {"units": 5}}, "softplus"], {}),
    "mish": ([7], [{"dense": {"units": 5}}, "mish"], {}),
    "hard_tanh": ([7], [{"dense": {"units": 5}}, {"hard_tanh": {"low": -0.4, "high": 0.3}}], {}),
    "dropout": ([7], [{"dense": {"units": 5}}, {"dropout": {"p": 0.0}}], {}),
    "embedding": ([3], [{"embedding": {"vocabulary": 6, "units": 2}}, {"dense": {"units": 2}}, "flatten"], {"ids": 6}),
    "unembedding": ([3], [{"embedding": {"vocabulary": 6, "units": 2}}, "tanh", {"unembedding": {"table": "embedding1", "vocabulary": 6}},
                          {"dense": {"units": 2}}, {"unembedding": {"table": "embedding1", "vocabulary": 6}}, "flatten"], {"ids": 6}),
    "flatten_axis": (IMAGE, [{"flatten": {"axis": 2}}, {"dense": {"units": 3}}, "flatten"], {}),
    "position_embedding": (SEQUENCE, [{"dense": {"units": 3}}, {"position_embedding": {"length": 6}}, "tanh", "flatten"], {}),
    "multi_head_attention": (SEQUENCE, [{"dense": {"units": 6}}, {"multi_head_attention": {"heads": 2}}, "flatten"], {}),
    "multi_head_attention_causal": (IMAGE, [{"multi_head_attention": {"heads": 2, "causal": True}}, "flatten"], {}),
    "multi_head_attention_bare": (SEQUENCE, [{"dense": {"units": 6}}, {"multi_head_attention": {"heads": 3, "bias": False}}, "flatten"], {}),
    "multi_head_attention_shared": (SEQUENCE, [{"dense": {"units": 8}}, {"multi_head_attention": {"heads": 4, "kv_heads": 2}}, "flatten"], {}),
    "multi_head_attention_shared_rotary": (SEQUENCE, [{"dense": {"units": 12}}, {"multi_head_attention": {"heads": 3, "kv_heads": 1, "causal": True,
                                                      "bias": False, "positions": "rotary"}}, "flatten"], {}),
    "multi_head_attention_rotary": (SEQUENCE, [{"dense": {"units": 8}}, {"multi_head_attention": {"heads": 2, "positions": "rotary"}}, "flatten"], {}),
    "multi_head_attention_rotary_causal": (IMAGE, [{"multi_head_attention": {"heads": 1, "causal": True, "bias": False, "positions": "rotary"}},
                                                   "flatten"], {}),
    "sinusoidal_positions": (SEQUENCE, [{"dense": {"units": 7}}, "sinusoidal_positions", "tanh", "flatten"], {}),
    "lstm": (SEQUENCE, [{"dense": {"units": 3}}, {"lstm": {"units": 4}}, {"lstm": {"units": 2, "returns": "last"}}], {}),
    "lstm_both": (SEQUENCE, [{"dense": {"units": 3}}, {"lstm": {"units": 4, "bidirectional": True}},
                             {"lstm": {"units": 2, "bidirectional": True, "returns": "last"}}], {}),
    "gru": (SEQUENCE, [{"dense": {"units": 3}}, {"gru": {"units": 4}}, {"gru": {"units": 2, "returns": "last"}}], {}),
    "gru_both": (SEQUENCE, [{"dense": {"units": 3}}, {"gru": {"units": 4, "bidirectional": True}},
                            {"gru": {"units": 2, "bidirectional": True, "returns": "last"}}], {}),
    "lstm_stacked": (SEQUENCE, [{"dense": {"units": 3}}, {"lstm": {"units": 4, "bidirectional": True, "layers": 2}}, "flatten"], {}),
    "gru_stacked": (SEQUENCE, [{"dense": {"units": 3}}, {"gru": {"units": 4, "layers": 3, "returns": "last"}}], {}),
    "mean_over_time": (SEQUENCE, [{"dense": {"units": 3}}, "tanh", "mean_over_time"], {}),
    "text_cnn": ([6], [{"embedding": {"vocabulary": 9, "units": 4}}, "transpose", {"conv1d": {"filters": 5, "kernel": 3}},
                       "transpose", "relu", "max_over_time"], {"ids": 9}),
    "patches": (SEQUENCE, [{"dense": {"units": 7}}, {"patches": {"size": 3, "stride": 2}}, {"dense": {"units": 2}}, "flatten"], {}),
    "grouped_dense": ([7], [{"grouped_dense": {"groups": [1, 4, 2], "units": 3}}, "tanh", "flatten"], {}),
    "scale": ([7], [{"dense": {"units": 4}}, "scale", "tanh", {"scale": {"start": 0.5}}], {}),
    "scale_image": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 2}}, {"scale": {"axes": 2}}, "tanh", "flatten"], {}),
    "ensemble": ([7], [{"dense": {"units": 4}}, {"ensemble": {"members": 3}}, {"scale": {"axes": 2}}, {"dense": {"units": 5}}, "relu"], {}),
    "ensemble_mse": ([7], [{"ensemble": {"members": 2}}, {"scale": {"axes": 2}}, {"dense": {"units": 5}}, "tanh"], {"loss": "mse"}),
    "ensemble_bce": ([7], [{"ensemble": {"members": 2}}, {"scale": {"axes": 2, "bias": 0.5}}, {"dense": {"units": 5}}, "tanh"], {"loss": "bce"}),
    "ensemble_soft": ([7], [{"ensemble": {"members": 2}}, {"scale": {"axes": 2}}, {"dense": {"units": 5}}, "tanh"], {"soft": True}),
    "add": (IMAGE, [{"conv2d": {"filters": 2, "kernel": 1}}, {"layer": "relu", "name": "a"},
                    {"layer": "add", "from": ["x", "conv2d1", "a"]}, "flatten"], {}),
    "swiglu": ([7], [{"name": "gate", "layer": {"dense": {"units": 5, "bias": False}}}, "silu",
                     {"name": "up", "layer": {"dense": {"units": 5, "bias": False}}, "from": ["x"]},
                     {"layer": "multiply", "from": ["silu1", "up"]}], {}),
    "concat": (IMAGE, [{"conv2d": {"filters": 3, "kernel": 1}}, {"layer": {"concat": {}}, "from": ["x", "conv2d1"]},
                       {"layer": {"concat": {"axis": 3}}, "from": ["concat1", "concat1"]}, "flatten"], {}),
}
ROWS, CLASSES, STEPS = 5, 3, 2
SGD = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
# An eps that large keeps the first steps from being signs alone, where rounding would decide.
ADAMW = {"lr": 0.01, "betas": (0.9, 0.99), "eps": 1e-3, "weight_decay": 0.1}


def numbers(tensor):
    # Nine digits read back as the same f32.
    return [float(f"{value:.9g}") for value in tensor.detach().double().flatten()]


def state(net):
    return {name: {"shape": list(tensor.shape), "data": numbers(tensor)}
            for name, tensor in net.state_dict().items() if not name.endswith("num_batches_tracked")}


def trained(net, make, x, y, options):
    """Two steps; the loss of the first, all parameters after the last, and what the network then says."""
    net.train()
    optimizer, losses = make(net.parameters()), []
    weights = torch.tensor(options["weights"]) if "weights" in options else None
    smoothing = options.get("smoothing", 0.0)
    plain = {"mse": nn.MSELoss(), "bce": nn.BCEWithLogitsLoss()}
    criterion = plain.get(options.get("loss"), nn.CrossEntropyLoss(weights, label_smoothing=smoothing))
    if "soft" in options:
        # PyTorch's mean would divide by the rows; ours divides by what they count, as PyTorch does for whole labels.
        total = nn.CrossEntropyLoss(weights, label_smoothing=smoothing, reduction="sum")
        counted = lambda target: (target if weights is None else target * weights).sum()
        criterion = lambda output, target: total(output, target) / counted(target)
    for _ in range(STEPS):
        optimizer.zero_grad()
        said = net(x)
        # Each member of an ensemble is judged by itself.
        told = y.repeat_interleave(said.shape[1], 0) if said.dim() == 3 else y
        loss = criterion(said.flatten(0, -2), told)
        loss.backward()
        if "clip" in options:
            torch.nn.utils.clip_grad_norm_(net.parameters(), options["clip"])
        optimizer.step()
        losses.append(loss.item())
    net.eval()
    return {"losses": losses, "after": state(net), "outputs": numbers(together(net(x), options.get("loss")))}


def case(name, item, layers, options):
    torch.manual_seed(sum(name.encode()))
    x = torch.randint(0, options["ids"], (ROWS, *item)) if "ids" in options else torch.randn(ROWS, *item)
    y = torch.randn(ROWS, CLASSES) if options.get("loss") == "mse" else torch.randint(0, CLASSES, (ROWS,))
    if options.get("loss") == "bce":
        y = torch.randn(ROWS, CLASSES).clamp(0, 1)  # zeros, ones, and what lies between
    if "soft" in options:
        y = torch.randn(ROWS, CLASSES).softmax(1)
    start = Net(layers, x, CLASSES)
    for tensor in start.parameters():
        # Off the defaults: a scale of one and a bias of zero would hide a mistake.
        nn.init.normal_(tensor, 0.1, 0.5)
    for module in start.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
    found = {"name": name, "item": item, "layers": layers, "options": options, "x": numbers(x), "y": numbers(y), "start": state(start)}
    for optimizer, make in {"sgd": lambda p: torch.optim.SGD(p, **SGD), "adamw": lambda p: torch.optim.AdamW(p, **ADAMW)}.items():
        net = Net(layers, x, CLASSES)
        net.load_state_dict(start.state_dict())
        found[optimizer] = trained(net, make, x, y, options)
    return found


def main():
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    cases = [case(name, *rest) for name, rest in CASES.items()]
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    text = '{"torch": "%s", "cases": [\n%s\n]}\n' % (torch.__version__.split("+")[0], lines)
    pathlib.Path(__file__).with_name("layers.json").write_text(text)


main()
