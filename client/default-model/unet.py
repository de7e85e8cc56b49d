"""Stable Diffusion v1's UNet: noisy latent [batch, 4, h, w], timestep [batch], context [batch, 77, width] to noise."""
import math

import torch
from torch import nn
import torch.nn.functional as F

from norms import GroupNorm, LayerNorm


def timestep_embedding(timesteps, width, max_period=10000):
    """[batch] → [batch, width]: cosines, then sines, of geometric frequencies."""
    half = width // 2
    frequencies = torch.exp(-math.log(max_period) * torch.arange(half, dtype=torch.float32) / half)
    angles = timesteps[:, None].float() * frequencies[None]
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def zeroed(module):
    """A layer that starts as "add nothing", as the original's zero_module does."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


class ResBlock(nn.Module):
    def __init__(self, channels, time_width, out_channels):
        super().__init__()
        self.in_layers = nn.Sequential(
            GroupNorm(channels), nn.SiLU(), nn.Conv2d(channels, out_channels, 3, padding=1))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time_width, out_channels))
        self.out_layers = nn.Sequential(
            GroupNorm(out_channels), nn.SiLU(), nn.Identity(),
            zeroed(nn.Conv2d(out_channels, out_channels, 3, padding=1)))
        same = channels == out_channels
        self.skip_connection = nn.Identity() if same else nn.Conv2d(channels, out_channels, 1)

    def forward(self, x, emb, contexts):
        h = self.in_layers(x) + self.emb_layers(emb)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(h)


class CrossAttention(nn.Module):
    """Attention over a pair of contexts, for keys and for values, or over x itself when there is none.

    `hypernetwork` is None or a function whose two outputs take x's place before the key and value projections.
    """
    hypernetwork = None

    def __init__(self, width, context_width, heads):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context_width, width, bias=False)
        self.to_v = nn.Linear(context_width, width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width), nn.Identity())

    def forward(self, x, contexts=None):
        if contexts is None:
            contexts = (x, x) if self.hypernetwork is None else self.hypernetwork(x)
        context_k, context_v = contexts
        batch, length, width = x.shape
        split = lambda t: t.view(batch, -1, self.heads, width // self.heads).transpose(1, 2)
        q, k, v = split(self.to_q(x)), split(self.to_k(context_k)), split(self.to_v(context_v))
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5
        out = scores.softmax(-1).to(v.dtype) @ v
        return self.to_out(out.transpose(1, 2).reshape(batch, length, width))


class GEGLU(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x):
        x, gate = self.proj(x).chunk(2, dim=-1)
        return x * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.Sequential(GEGLU(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width))

    def forward(self, x):
        return self.net(x)


class TransformerBlock(nn.Module):
    def __init__(self, width, context_width, heads):
        super().__init__()
        self.attn1 = CrossAttention(width, width, heads)
        self.ff = FeedForward(width)
        self.attn2 = CrossAttention(width, context_width, heads)
        self.norm1, self.norm2, self.norm3 = (LayerNorm(width) for _ in range(3))

    def forward(self, x, contexts):
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), contexts)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    def __init__(self, channels, context_width, heads):
        super().__init__()
        self.norm = GroupNorm(channels, eps=1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels, context_width, heads)])
        self.proj_out = zeroed(nn.Conv2d(channels, channels, 1))

    def forward(self, x, emb, contexts):
        batch, channels, height, width = x.shape
        h = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)
        for block in self.transformer_blocks:
            h = block(h, contexts)
        return x + self.proj_out(h.transpose(1, 2).reshape(batch, channels, height, width))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x, emb, contexts):
        return self.op(x)


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x, emb, contexts):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class InputConv(nn.Conv2d):
    def forward(self, x, emb, contexts):
        return super().forward(x)


class Block(nn.ModuleList):
    """Layers in a row that all take (x, emb, contexts)."""

    def forward(self, x, emb, contexts):
        for layer in self:
            x = layer(x, emb, contexts)
        return x


class UNet(nn.Module):
    """`hypernetwork` is None or a function whose two outputs take the context's place, once for all attentions."""
    hypernetwork = None

    def __init__(self, channels, multipliers, res_blocks, attention_at, heads, context_width, latent_channels=4):
        """`attention_at`: the downsampling factors (1, 2, 4 …) of the levels that hold attention."""
        super().__init__()
        self.channels = channels
        time_width = 4 * channels
        self.time_embed = nn.Sequential(
            nn.Linear(channels, time_width), nn.SiLU(), nn.Linear(time_width, time_width))
        attention = lambda width: SpatialTransformer(width, context_width, heads)
        self.input_blocks = nn.ModuleList([Block([InputConv(latent_channels, channels, 3, padding=1)])])
        skips, width, factor = [channels], channels, 1
        for level, multiplier in enumerate(multipliers):
            for _ in range(res_blocks):
                layers = [ResBlock(width, time_width, multiplier * channels)]
                width = multiplier * channels
                if factor in attention_at:
                    layers.append(attention(width))
                self.input_blocks.append(Block(layers))
                skips.append(width)
            if level + 1 < len(multipliers):
                self.input_blocks.append(Block([Downsample(width)]))
                skips.append(width)
                factor *= 2
        self.middle_block = Block(
            [ResBlock(width, time_width, width), attention(width), ResBlock(width, time_width, width)])
        self.output_blocks = nn.ModuleList()
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for i in range(res_blocks + 1):
                layers = [ResBlock(width + skips.pop(), time_width, multiplier * channels)]
                width = multiplier * channels
                if factor in attention_at:
                    layers.append(attention(width))
                if level and i == res_blocks:
                    layers.append(Upsample(width))
                    factor //= 2
                self.output_blocks.append(Block(layers))
        self.out = nn.Sequential(
            GroupNorm(width), nn.SiLU(), zeroed(nn.Conv2d(width, latent_channels, 3, padding=1)))

    def forward(self, x, timesteps, context):
        emb = self.time_embed(timestep_embedding(timesteps, self.channels))
        contexts = (context, context) if self.hypernetwork is None else self.hypernetwork(context)
        skips = []
        for block in self.input_blocks:
            x = block(x, emb, contexts)
            skips.append(x)
        x = self.middle_block(x, emb, contexts)
        for block in self.output_blocks:
            x = block(torch.cat([x, skips.pop()], dim=1), emb, contexts)
        return self.out(x)
