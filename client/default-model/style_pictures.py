"""Makes the styles' training pictures out of the base pictures: blueprint, silhouette, risograph."""
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


def ground(colour):
    return torch.tensor(colour).view(1, 3, 1, 1) / 127.5 - 1


def blueprint(rgba):
    """White lines and pale areas on blue, the darker in the picture the whiter."""
    paper = compose(rgba, torch.full((len(rgba), 3), 255)) / 2 + 0.5
    ink = 1 - 0.5 * (paper.amin(1, keepdim=True) + paper.mean(1, keepdim=True))
    blue = ground((28.0, 74.0, 168.0))
    return blue + (1 - blue) * (ink * 0.8 + edges(rgba) * 0.5).clamp(0, 1)


def silhouette(rgba):
    """Black on white."""
    alpha = rgba[..., 3].unsqueeze(1) / 255
    return (1 - 2 * alpha).repeat(1, 3, 1, 1)


def risograph(rgba):
    """Tones of one ink, fluorescent pink, on white; pale things keep a tint."""
    alpha = rgba[..., 3].unsqueeze(1) / 255
    bright = (compose(rgba, torch.full((len(rgba), 3), 255)) / 2 + 0.5).mean(1, keepdim=True)
    ink = (0.45 * alpha + 0.65 * (1 - bright)).clamp(0, 1)
    pink = ground((255.0, 40.0, 150.0))
    return 1 + (pink - 1) * ink


STYLES = {"blueprint": blueprint, "silhouette": silhouette, "risograph": risograph}
