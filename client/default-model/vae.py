"""Stable Diffusion v1's autoencoder: pictures [batch, 3, H, W] in -1…1 to latents [batch, 4, h, w] and back."""
import torch
from torch import nn
import torch.nn.functional as F

from norms import GroupNorm


def norm(channels):
    return GroupNorm(channels, eps=1e-6)


class ResnetBlock(nn.Module):
    def __init__(self, channels, out_channels):
        super().__init__()
        self.norm1 = norm(channels)
        self.conv1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.norm2 = norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        if channels != out_channels:
            self.nin_shortcut = nn.Conv2d(channels, out_channels, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x)


class AttnBlock(nn.Module):
    """One head over all places."""

    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (layer(h).flatten(2) for layer in (self.q, self.k, self.v))  # [batch, channels, places]
        weights = (q.transpose(1, 2) @ k * x.shape[1] ** -0.5).softmax(-1).to(v.dtype)
        return x + self.proj_out((v @ weights.transpose(1, 2)).view_as(x))


class Downsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class Level(nn.Module):
    """The blocks of one resolution, and the step to the next one."""

    def __init__(self, widths, downsample=False, upsample=False):
        super().__init__()
        self.block = nn.ModuleList(ResnetBlock(a, b) for a, b in zip(widths, widths[1:]))
        if downsample:
            self.downsample = Downsample(widths[-1])
        if upsample:
            self.upsample = Upsample(widths[-1])

    def forward(self, x):
        for block in self.block:
            x = block(x)
        for step in ("downsample", "upsample"):
            if hasattr(self, step):
                x = getattr(self, step)(x)
        return x


class Middle(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block_1 = ResnetBlock(channels, channels)
        self.attn_1 = AttnBlock(channels)
        self.block_2 = ResnetBlock(channels, channels)

    def forward(self, x):
        return self.block_2(self.attn_1(self.block_1(x)))


class Encoder(nn.Module):
    def __init__(self, channels, multipliers, res_blocks, latent_channels):
        super().__init__()
        self.conv_in = nn.Conv2d(3, channels, 3, padding=1)
        self.down, width, last = nn.ModuleList(), channels, len(multipliers) - 1
        for level, multiplier in enumerate(multipliers):
            widths = [width] + [multiplier * channels] * res_blocks
            self.down.append(Level(widths, downsample=level < last))
            width = widths[-1]
        self.mid = Middle(width)
        self.norm_out = norm(width)
        self.conv_out = nn.Conv2d(width, 2 * latent_channels, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    def __init__(self, channels, multipliers, res_blocks, latent_channels):
        super().__init__()
        width = multipliers[-1] * channels
        self.conv_in = nn.Conv2d(latent_channels, width, 3, padding=1)
        self.mid = Middle(width)
        levels = []
        for level, multiplier in reversed(list(enumerate(multipliers))):
            widths = [width] + [multiplier * channels] * (res_blocks + 1)
            levels.insert(0, Level(widths, upsample=level > 0))
            width = widths[-1]
        self.up = nn.ModuleList(levels)
        self.norm_out = norm(width)
        self.conv_out = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, x):
        x = self.mid(self.conv_in(x))
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class AutoencoderKL(nn.Module):
    def __init__(self, channels, multipliers, res_blocks, latent_channels=4):
        super().__init__()
        self.encoder = Encoder(channels, multipliers, res_blocks, latent_channels)
        self.decoder = Decoder(channels, multipliers, res_blocks, latent_channels)
        self.quant_conv = nn.Conv2d(2 * latent_channels, 2 * latent_channels, 1)
        self.post_quant_conv = nn.Conv2d(latent_channels, latent_channels, 1)

    def moments(self, pictures):
        """[batch, 8, h, w]: the mean and the log variance of the latents."""
        return self.quant_conv(self.encoder(pictures))

    def encode(self, pictures):
        """The latents' mean."""
        return self.moments(pictures).chunk(2, dim=1)[0]

    def decode(self, latents):
        return self.decoder(self.post_quant_conv(latents))
