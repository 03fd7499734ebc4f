"""Our layers that know time as PyTorch modules, with PyTorch's names for their parameters."""

import torch
from torch import nn


class PositionEmbedding(nn.Module):
    def __init__(self, length, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(length, width))

    def forward(self, x):
        return x + self.weight[: x.shape[-2]]


class SelfAttention(nn.MultiheadAttention):
    """Over the last axis but one, whatever stands in front."""

    def __init__(self, width, heads, causal):
        super().__init__(width, heads, batch_first=True)
        self.causal = causal

    def forward(self, x):
        rows, time = x.flatten(0, -3), x.shape[-2]
        hidden = torch.ones(time, time, dtype=torch.bool).triu(1) if self.causal else None
        mixed, _ = super().forward(rows, rows, rows, attn_mask=hidden, need_weights=False)
        return mixed.reshape(x.shape)


def recurrent(base):
    """`nn.LSTM` or `nn.GRU` that yields all states, or the last ones of each direction side by side."""

    class Recurrent(base):
        def __init__(self, inputs, units, bidirectional, returns):
            super().__init__(inputs, units, batch_first=True, bidirectional=bidirectional)
            self.returns = returns

        def forward(self, x):
            states, last = super().forward(x)
            if self.returns == "sequence":
                return states
            last = last[0] if isinstance(last, tuple) else last
            return torch.cat(list(last), 1)

    return Recurrent


Lstm, Gru = recurrent(nn.LSTM), recurrent(nn.GRU)


class MeanOverTime(nn.Module):
    def forward(self, x):
        return x.mean(1)


class MaxOverTime(nn.Module):
    def forward(self, x):
        return x.max(1).values  # the first of equals gets the gradient


class Transpose(nn.Module):
    def forward(self, x):
        return x.transpose(-1, -2)


class Patches(nn.Module):
    def __init__(self, size, stride):
        super().__init__()
        self.size, self.stride = size, stride or size

    def forward(self, x):
        return x.unfold(-1, self.size, self.stride)
