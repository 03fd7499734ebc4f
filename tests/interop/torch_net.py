"""A network as graph.json spells it, made of PyTorch's modules under our names."""

import torch
from torch import nn
from torch_layers import (
    Ensemble,
    GroupedDense,
    Gru,
    InstanceNorm,
    InstanceRestore,
    Lengths,
    Lstm,
    MaxOverTime,
    MeanOverTime,
    MemberMean,
    NgramEmbedding,
    Patches,
    PositionEmbedding,
    Scale,
    SelfAttention,
    SinusoidalPositions,
    Transpose,
    pad1d,
)


def module(layer, weights, name):
    """PyTorch's module for a layer as graph.json spells it, or a function for one without parameters."""
    kind, settings = (layer, {}) if isinstance(layer, str) else next(iter(layer.items()))
    pair = lambda size: (size, size) if isinstance(size, int) else tuple(size)
    if kind == "dense":
        units, inputs = weights[f"{name}.weight"].shape
        return nn.Linear(inputs, units, bias=settings["bias"])
    if kind == "adaptive_avg_pool2d":
        return nn.AdaptiveAvgPool2d(pair(settings["size"]))
    if kind == "adaptive_max_pool2d":
        return nn.AdaptiveMaxPool2d(pair(settings["size"]))
    if kind == "conv_transpose2d":
        weight = weights[f"{name}.weight"]
        keys = ("stride", "padding", "output_padding", "dilation")
        return nn.ConvTranspose2d(
            weight.shape[0],
            settings["filters"],
            pair(settings["kernel"]),
            groups=settings["groups"],
            bias=settings["bias"],
            **{key: pair(settings[key]) for key in keys},
        )
    if kind in ("conv1d", "conv2d"):
        weight = weights[f"{name}.weight"]
        conv, sizes = (nn.Conv1d, lambda size: size) if kind == "conv1d" else (nn.Conv2d, pair)
        keys = ("stride", "padding", "dilation")
        return conv(
            weight.shape[1] * settings["groups"],
            settings["filters"],
            sizes(settings["kernel"]),
            groups=settings["groups"],
            bias=settings["bias"],
            **{key: sizes(settings[key]) for key in keys},
        )
    if kind in ("max_pool2d", "avg_pool2d"):
        pool = nn.MaxPool2d if kind == "max_pool2d" else nn.AvgPool2d
        stride = pair(settings.get("stride") or settings["kernel"])
        ceil_mode = settings.get("ceil_mode", False)
        return pool(pair(settings["kernel"]), stride, pair(settings["padding"]), ceil_mode=ceil_mode)
    if kind in ("max_pool1d", "avg_pool1d"):
        pool = nn.MaxPool1d if kind == "max_pool1d" else nn.AvgPool1d
        ceil_mode = settings.get("ceil_mode", False)
        return pool(settings["kernel"], settings.get("stride"), settings["padding"], ceil_mode=ceil_mode)
    if kind == "pad1d":
        return pad1d(**settings)
    if kind == "upsample":
        return nn.Upsample(scale_factor=pair(settings["factor"]), mode=settings["mode"])
    if kind == "batch_norm":
        return any_norm(weights[f"{name}.weight"].shape[0], settings)
    if kind == "layer_norm":
        return nn.LayerNorm(weights[f"{name}.weight"].shape[0], eps=settings["eps"])
    if kind == "rms_norm":
        return nn.RMSNorm(weights[f"{name}.weight"].shape[0], eps=settings["eps"])
    if kind == "group_norm":
        return nn.GroupNorm(settings["groups"], weights[f"{name}.weight"].shape[0], eps=settings["eps"])
    if kind == "grouped_dense":
        return GroupedDense(**settings)
    if kind == "scale":
        return Scale(weights[f"{name}.weight"].shape, settings.get("bias") is not None)
    if kind == "ensemble":
        return Ensemble(**settings)
    if kind == "member_mean":
        return MemberMean(settings["of"])
    if kind == "instance_norm":
        return InstanceNorm(settings["eps"])
    if kind == "instance_restore":
        return InstanceRestore(settings["eps"])
    if kind == "embedding":
        return nn.Embedding(settings["vocabulary"], settings["units"])
    if kind == "ngram_embedding":
        return NgramEmbedding(**settings)
    if kind == "unembedding":
        table = weights[f"{settings['table']}.weight"]
        return nn.Linear(table.shape[1], table.shape[0], bias=False)
    if kind == "dropout":
        return nn.Dropout(settings["p"])
    if kind == "gelu":
        return nn.GELU(approximate=settings["approximate"])
    if kind == "leaky_relu":
        return nn.LeakyReLU(settings["slope"])
    if kind == "elu":
        return nn.ELU(settings["alpha"])
    if kind == "hard_tanh":
        return nn.Hardtanh(settings["low"], settings["high"])
    if kind == "flatten":
        return nn.Flatten(settings["axis"])
    if kind == "position_embedding":
        return PositionEmbedding(*weights[f"{name}.weight"].shape)
    if kind == "multi_head_attention":
        return SelfAttention(weights[f"{name}.out_proj.weight"].shape[0], **settings)
    if kind in ("lstm", "gru"):
        inputs = weights[f"{name}.weight_ih_l0"].shape[1]
        make = Lstm if kind == "lstm" else Gru
        return make(inputs, **settings)
    if kind == "lengths":
        return Lengths(settings["padding"])
    if kind == "patches":
        return Patches(settings["size"], settings.get("stride"))
    plain = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "silu": nn.SiLU, "softplus": nn.Softplus, "mish": nn.Mish}
    plain |= {"mean_over_time": MeanOverTime, "max_over_time": MaxOverTime, "transpose": Transpose, "sinusoidal_positions": SinusoidalPositions}
    return plain[kind]() if kind in plain else None


def any_norm(channels, settings):
    """PyTorch tells norms of rows and of images apart, our layer does not; the base class takes both."""

    class AnyNorm(nn.modules.batchnorm._BatchNorm):
        def _check_input_dim(self, input):
            pass

        def forward(self, x):
            if settings.get("axis") != "last":
                return super().forward(x)
            return super().forward(x.movedim(-1, 1)).movedim(1, -1)

    return AnyNorm(channels, eps=settings["eps"], momentum=settings["momentum"])


class Net(nn.Module):
    """A graph as graph.json spells it."""

    def __init__(self, graph, weights):
        super().__init__()
        self.graph = graph
        for node in graph["nodes"]:
            part = module(node["layer"], weights, node["name"])
            if part is not None:
                self.add_module(node["name"], part)
        for name, table in self.tables().items():
            self.get_submodule(name).weight = self.get_submodule(table).weight

    def tables(self):
        """Which layers score by the table of which embedding."""
        layers = {node["name"]: node["layer"] for node in self.graph["nodes"]}
        return {name: layer["unembedding"]["table"] for name, layer in layers.items() if "unembedding" in layer}

    def forward(self, inputs):
        values = []
        for node in self.graph["nodes"]:
            layer, given = node["layer"], [values[i] for i in node["inputs"]]
            kind = layer if isinstance(layer, str) else next(iter(layer))
            if kind == "input":
                values.append(inputs[node["name"]])
            elif kind == "add":
                values.append(sum(given))
            elif kind == "subtract":
                values.append(given[0] - given[1])
            elif kind == "multiply":
                values.append(given[0] * given[1])
            elif kind == "concat":
                values.append(torch.cat(given, dim=layer["concat"]["axis"]))
            elif kind == "global_avg_pool":
                values.append(given[0].mean(dim=(2, 3)))
            else:
                values.append(self.get_submodule(node["name"])(*given))
        return [values[i] for i in self.graph["outputs"]]
