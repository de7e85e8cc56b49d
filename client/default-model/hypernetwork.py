"""A hypernetwork as `tincture train` makes it: per context width, one small network for keys, one for values."""
import torch
from torch import nn

from unet import CrossAttention, UNet

STRUCTURE = [1, 2, 1]


class Layer(nn.Module):
    """x + f(x) · strength, f two linear layers with a ReLU between; their slots in the file are 0 and 2."""
    strength = 1.0

    def __init__(self, width):
        super().__init__()
        inner = STRUCTURE[1] * width
        self.linear = nn.Sequential(nn.Linear(width, inner), nn.ReLU(), nn.Linear(inner, width))
        for linear in (self.linear[0], self.linear[2]):
            nn.init.normal_(linear.weight, std=0.01)
            nn.init.zeros_(linear.bias)

    def forward(self, x):
        return x + self.linear(x) * self.strength


class Hypernetwork(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.layers = nn.ModuleDict({str(width): nn.ModuleList([Layer(width), Layer(width)]) for width in widths})

    def forward(self, context):
        """The contexts for keys and for values, in place of `context`."""
        layer_k, layer_v = self.layers[str(context.shape[-1])]
        return layer_k(context), layer_v(context)

    def attach(self, unet):
        """Bends every self- and cross-attention of the UNet."""
        for module in unet.modules():
            if isinstance(module, (UNet, CrossAttention)):
                object.__setattr__(module, "hypernetwork", self)  # not a submodule: the UNet does not own it

    def set_strength(self, strength):
        for module in self.modules():
            if isinstance(module, Layer):
                module.strength = strength


def detach(unet):
    for module in unet.modules():
        if isinstance(module, (UNet, CrossAttention)):
            object.__setattr__(module, "hypernetwork", None)


def widths(unet):
    """All context widths that the UNet's attentions read, ascending."""
    return sorted({m.to_k.in_features for m in unet.modules() if isinstance(m, CrossAttention)})


def load(path):
    """The network in a `.pt` of AUTOMATIC1111's web UI: a flat dict whose integer keys are widths."""
    saved = torch.load(path)
    found = sorted(key for key in saved if isinstance(key, int))
    network = Hypernetwork(found)
    for width in found:
        for layer, state in zip(network.layers[str(width)], saved[width]):
            layer.load_state_dict(state)
    return network
