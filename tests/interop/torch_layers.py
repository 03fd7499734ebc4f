"""Our layers that know time as PyTorch modules, with PyTorch's names for their parameters."""

import torch
from torch import nn
from torch.nn.utils import rnn


class NgramEmbedding(nn.Embedding):
    """A vector for each run of ids by its hash, with zeros in front of the first id."""

    def __init__(self, n, buckets, units):
        super().__init__(buckets, units)
        self.n = n

    def forward(self, x):
        runs = nn.functional.pad(x, (self.n - 1, 0)).unfold(1, self.n, 1)  # [B, T, n]
        powers = 2039 ** torch.arange(self.n - 1, -1, -1)
        return super().forward((runs * powers).sum(-1) % self.num_embeddings)


class PositionEmbedding(nn.Module):
    def __init__(self, length, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(length, width))

    def forward(self, x):
        return x + self.weight[: x.shape[-2]]


class SinusoidalPositions(nn.Module):
    def forward(self, x):
        time, width = x.shape[-2:]
        angles = torch.outer(torch.arange(time), 10000.0 ** (-torch.arange(0, width, 2) / width))
        return x + torch.stack([angles.sin(), angles.cos()], -1).flatten(1)[:, :width]


class SelfAttention(nn.MultiheadAttention):
    """Over the last axis but one, whatever stands in front."""

    def __init__(self, width, heads, causal, bias=True, positions="none", kv_heads=None):
        super().__init__(width, heads, bias=bias, batch_first=True)
        self.causal, self.positions, self.kv_heads = causal, positions, kv_heads or heads
        rows = width + 2 * self.kv_heads * (width // heads)
        if rows < 3 * width:
            self.in_proj_weight = nn.Parameter(self.in_proj_weight[:rows].detach().clone())
            self.in_proj_bias = nn.Parameter(self.in_proj_bias[:rows].detach().clone()) if bias else None

    def forward(self, x, lengths=None):
        rows, time = x.flatten(0, -3), x.shape[-2]
        if self.positions == "rotary" or self.kv_heads < self.num_heads:
            return self.by_parts(rows).reshape(x.shape)
        hidden = torch.ones(time, time, dtype=torch.bool).triu(1) if self.causal else None
        padded = None if lengths is None else ~counted(x, lengths)
        mixed, _ = super().forward(rows, rows, rows, key_padding_mask=padded, attn_mask=hidden, need_weights=False)
        return mixed.reshape(x.shape)

    def by_parts(self, rows):
        """What `nn.MultiheadAttention` cannot: rotary positions, and keys and values that several heads share."""
        projected = nn.functional.linear(rows, self.in_proj_weight, self.in_proj_bias)
        vectors = projected.unflatten(-1, (self.num_heads + 2 * self.kv_heads, -1)).transpose(1, 2)
        q, k, v = vectors.split([self.num_heads, self.kv_heads, self.kv_heads], 1)
        if self.positions == "rotary":
            q, k = self.turned(q), self.turned(k)
        attention = nn.functional.scaled_dot_product_attention
        mixed = attention(q, k, v, is_causal=self.causal, enable_gqa=self.kv_heads < self.num_heads)
        return self.out_proj(mixed.transpose(1, 2).flatten(2))

    def turned(self, x):
        """Pairs half a head apart, each by the angle of its place."""
        half = x.shape[-1] // 2
        angles = torch.outer(torch.arange(x.shape[-2]), 10000.0 ** (-torch.arange(half) / half)).repeat(1, 2)
        return x * angles.cos() + torch.cat([-x[..., half:], x[..., :half]], -1) * angles.sin()


def pad1d(before, after, mode):
    return nn.ReplicationPad1d((before, after)) if mode == "replicate" else nn.ConstantPad1d((before, after), 0.0)


def recurrent(base):
    """`nn.LSTM` or `nn.GRU` that yields all states, or the last ones of each direction side by side."""

    class Recurrent(base):
        def __init__(self, inputs, units, bidirectional, returns, layers=1):
            super().__init__(inputs, units, layers, batch_first=True, bidirectional=bidirectional)
            self.returns = returns

        def forward(self, x, lengths=None):
            if lengths is None:
                states, last = super().forward(x)
            else:
                packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
                states, last = super().forward(packed)
                states, _ = rnn.pad_packed_sequence(states, batch_first=True, total_length=x.shape[1])
            if self.returns == "sequence":
                return states
            last = last[0] if isinstance(last, tuple) else last
            return torch.cat(list(last[-(1 + self.bidirectional) :]), 1)  # those of the last layer

    return Recurrent


Lstm, Gru = recurrent(nn.LSTM), recurrent(nn.GRU)


def counted(x, lengths):
    """Which places of each sequence count."""
    return torch.arange(x.shape[1]) < lengths[:, None]


class Lengths(nn.Module):
    """The place behind the last id that is not padding; at least 1."""

    def __init__(self, padding):
        super().__init__()
        self.padding = padding

    def forward(self, ids):
        places = torch.arange(1, ids.shape[1] + 1)
        return ((ids != self.padding) * places).max(1).values.clamp(min=1)


class MeanOverTime(nn.Module):
    def forward(self, x, lengths=None):
        if lengths is None:
            return x.mean(1)
        return x.masked_fill(~counted(x, lengths)[:, :, None], 0.0).sum(1) / lengths[:, None]


class InstanceNorm(nn.Module):
    """`nn.InstanceNorm1d` and `2d`, whichever fits."""

    def __init__(self, eps):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        return nn.functional.instance_norm(x, eps=self.eps)


class InstanceRestore(nn.Module):
    """The other half of RevIN."""

    def __init__(self, eps):
        super().__init__()
        self.eps = eps

    def forward(self, x, window):
        variance, mean = torch.var_mean(window, -1, correction=0, keepdim=True)
        return x * (variance + self.eps).sqrt() + mean


class MaxOverTime(nn.Module):
    def forward(self, x, lengths=None):
        if lengths is not None:
            x = x.masked_fill(~counted(x, lengths)[:, :, None], -torch.inf)
        return x.max(1).values  # the first of equals gets the gradient


class GroupedDense(nn.Module):
    def __init__(self, groups, units):
        super().__init__()
        self.groups = groups
        self.weight = nn.Parameter(torch.zeros(sum(groups), units))
        self.bias = nn.Parameter(torch.zeros(len(groups), units))

    def forward(self, x):
        parts = zip(x.split(self.groups, 1), self.weight.split(self.groups))
        return torch.stack([part @ weight for part, weight in parts], 1) + self.bias


class Scale(nn.Module):
    def __init__(self, sizes, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(sizes))
        self.bias = nn.Parameter(torch.zeros(sizes)) if bias else None

    def forward(self, x):
        return x * self.weight if self.bias is None else x * self.weight + self.bias


class Ensemble(nn.Module):
    def __init__(self, members):
        super().__init__()
        self.members = members

    def forward(self, x):
        return x[:, None].expand(-1, self.members, -1)


class MemberMean(nn.Module):
    """The mean of what members say, or of their probabilities, as scores again."""

    def __init__(self, of):
        super().__init__()
        self.of = of

    def forward(self, x):
        if self.of == "softmax":
            return x.softmax(-1).mean(1).log()
        return x.sigmoid().mean(1).logit() if self.of == "sigmoid" else x.mean(1)


class Transpose(nn.Module):
    def forward(self, x):
        return x.transpose(-1, -2)


class Patches(nn.Module):
    def __init__(self, size, stride):
        super().__init__()
        self.size, self.stride = size, stride or size

    def forward(self, x):
        return x.unfold(-1, self.size, self.stride)
