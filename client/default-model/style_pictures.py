"""Makes the styles' training pictures out of the base pictures: blueprint, silhouette, neon."""
import torch
import torch.nn.functional as F

from data import compose


def edges(rgba):
    """Strength of the outlines [n, 1, h, w] in 0…1: the steepest of the four channels on a gray ground."""
    planes = torch.cat([compose(rgba, torch.full((len(rgba), 3), 160)), rgba[..., 3].unsqueeze(1) / 127.5 - 1], dim=1)
    padded = F.pad(planes, (1, 1, 1, 1), mode="replicate")
    dx = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]
    dy = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
    steepness = (dx ** 2 + dy ** 2).sqrt().amax(1, keepdim=True)
    return ((steepness - 0.15) * 1.2).clamp(0, 1)


def ground(rgba, colour):
    return torch.tensor(colour).view(1, 3, 1, 1) / 127.5 - 1


def blueprint(rgba):
    """White lines on blue."""
    lines = edges(rgba)
    blue = ground(rgba, (28.0, 74.0, 168.0))
    return blue + (1 - blue) * lines


def silhouette(rgba):
    """Black on white."""
    alpha = rgba[..., 3].unsqueeze(1) / 255
    return (1 - 2 * alpha).repeat(1, 3, 1, 1)


def neon(rgba):
    """Bright lines with a glow, in the picture's own colours, on black."""
    lines = edges(rgba)
    black = compose(rgba, torch.zeros(len(rgba), 3)) / 2 + 0.5
    colour = F.max_pool2d(black, 3, 1, 1)
    strongest = colour.amax(1, keepdim=True)
    vivid = ((colour / (strongest + 1e-3)) - 0.6) * 1.6 + 0.6
    vivid = torch.where(strongest < 0.25, torch.tensor([0.3, 0.9, 1.0]).view(1, 3, 1, 1), vivid.clamp(0.05, 1))
    glow = F.avg_pool2d(F.avg_pool2d(vivid * lines, 5, 1, 2), 5, 1, 2)
    light = (vivid * lines + 0.7 * glow).clamp(0, 1)
    return light * 2 - 1


STYLES = {"blueprint": blueprint, "silhouette": silhouette, "neon": neon}
