"""The networks of tests/src/workloads.rs as PyTorch modules, under the same names."""

from torch import nn
from torch.nn import functional as F


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


MODELS = {"mlp": Mlp, "cnn": Cnn, "resnet20": ResNet20, "tabular": Tabular, "forecaster": Forecaster}
