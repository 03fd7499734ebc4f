"""The networks of tests/src/workloads.rs as PyTorch modules, under the same names."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense1 = nn.Linear(784, 512)
        self.dense2 = nn.Linear(512, 512)
        self.head = nn.Linear(512, 10)

    def forward(self, x):
        x = F.relu(self.dense1(x))
        x = F.relu(self.dense2(x))
        return self.head(x)


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.dense1 = nn.Linear(64 * 7 * 7, 128)
        self.head = nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.dense1(x.flatten(1)))
        return self.head(x)


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.shrinks = stride > 1
        if self.shrinks:
            self.shortcut = nn.Conv2d(channels, filters, 1, stride, bias=False)
            self.shortcut_norm = nn.BatchNorm2d(filters)

    def forward(self, x):
        through = F.relu(self.norm1(self.conv1(x)), inplace=True)
        through = self.norm2(self.conv2(through))
        around = self.shortcut_norm(self.shortcut(x)) if self.shrinks else x
        return F.relu(through + around, inplace=True)


class ResNet20(nn.Module):
    """He et al. 2016, section 4.2; option B."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(16)
        self.group1 = self.group(16, 16, 1)
        self.group2 = self.group(16, 32, 2)
        self.group3 = self.group(32, 64, 2)
        self.head = nn.Linear(64, 10)

    @staticmethod
    def group(channels, filters, stride):
        group = nn.Sequential()
        group.add_module("block1", Block(channels, filters, stride))
        group.add_module("block2", Block(filters, filters, 1))
        group.add_module("block3", Block(filters, filters, 1))
        return group

    def forward(self, x):
        x = F.relu(self.norm1(self.conv1(x)), inplace=True)
        x = self.group3(self.group2(self.group1(x)))
        return self.head(x.mean(dim=(2, 3)))


class Tabular(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 16)
        self.dense1 = nn.Linear(8 * 16, 256)
        self.dense2 = nn.Linear(256, 128)
        self.head = nn.Linear(128, 2)

    def forward(self, x):
        x = self.embedding(x).flatten(1)
        x = F.relu(self.dense1(x))
        x = F.relu(self.dense2(x))
        return self.head(x)


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(336, 96)

    def forward(self, x):
        return self.head(x)


class Attention(nn.Module):
    """Self-attention under the names of `nn.MultiheadAttention`, without its checks: PyTorch's fastest way."""

    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        qkv = qkv.unflatten(-1, (3, self.heads, -1)).transpose(-2, -4)  # [.., H, 3, T, D]
        q, k, v = qkv.unbind(-3)
        x = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out_proj(x.transpose(-2, -3).flatten(-2))


class TransformerBlock(nn.Module):
    """Norms stand before attention and before the two dense layers."""

    def __init__(self, width, heads, hidden, causal):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads, causal)
        self.norm2 = nn.LayerNorm(width)
        self.dense1 = nn.Linear(width, hidden)
        self.dense2 = nn.Linear(hidden, width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.dense2(F.gelu(self.dense1(self.norm2(x)), approximate="tanh"))


class Position(nn.Module):
    def __init__(self, length, width):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(length, width))

    def forward(self, x):
        return x + self.weight[: x.shape[-2]]


class Transformer(nn.Module):
    """What the networks below have in common: places, blocks and a last norm."""

    def __init__(self, length, layers, heads, width, hidden, causal):
        super().__init__()
        self.position = Position(length, width)
        self.blocks = layers
        for i in range(1, layers + 1):
            self.add_module(f"block{i}", TransformerBlock(width, heads, hidden, causal))
        self.norm = nn.LayerNorm(width)

    def through(self, x):
        x = self.position(x)
        for i in range(1, self.blocks + 1):
            x = self.get_submodule(f"block{i}")(x)
        return self.norm(x)


class Gpt(Transformer):
    def __init__(self, layers, heads, width, length):
        super().__init__(length, layers, heads, width, 4 * width, causal=True)
        self.embedding = nn.Embedding(65, width)
        self.head = nn.Linear(width, 65, bias=False)

    def forward(self, x):
        return self.head(self.through(self.embedding(x)))


class Encoder(Transformer):
    def __init__(self):
        super().__init__(128, 4, 4, 128, 512, causal=False)
        self.embedding = nn.Embedding(8000, 128)
        self.head = nn.Linear(128, 4)

    def forward(self, x):
        return self.head(self.through(self.embedding(x)).mean(1))


class PatchTransformer(Transformer):
    def __init__(self):
        super().__init__(41, 3, 16, 128, 256, causal=False)
        self.dense1 = nn.Linear(16, 128)
        self.head = nn.Linear(41 * 128, 96)

    def forward(self, x):
        x = self.dense1(x.unfold(-1, 16, 8))  # [B, 7, 41, 128]
        return self.head(self.through(x).flatten(2))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(32, 128, batch_first=True)
        self.head = nn.Linear(128, 5)

    def forward(self, x):
        _, (last, _) = self.lstm(x)
        return self.head(last[0])


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(32, 128, batch_first=True, bidirectional=True)
        self.head = nn.Linear(256, 5)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, last = self.gru(packed)
        return self.head(torch.cat([last[0], last[1]], 1))


MODELS = {
    "mlp": Mlp,
    "cnn": Cnn,
    "resnet20": ResNet20,
    "gpt": lambda: Gpt(layers=4, heads=4, width=128, length=64),
    "gpt384": lambda: Gpt(layers=6, heads=6, width=384, length=256),
    "encoder": Encoder,
    "lstm": Lstm,
    "gru": Gru,
    "tabular": Tabular,
    "forecaster": Forecaster,
    "patches": PatchTransformer,
}
