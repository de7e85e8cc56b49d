"""Norms that compute in single precision, so that the rest may run in bfloat16 while training."""
from torch import nn


class GroupNorm(nn.GroupNorm):
    """32 groups, as everywhere in Stable Diffusion."""

    def __init__(self, channels, eps=1e-5):
        super().__init__(32, channels, eps)

    def forward(self, x):
        return super().forward(x.float())


class LayerNorm(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.float())
