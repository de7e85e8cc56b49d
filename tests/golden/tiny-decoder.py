# Writes tiny-decoder.safetensors: a small decoder of TAESD's architecture with random weights, a latent, and its picture by PyTorch.
# Run: python3 tiny-decoder.py (needs PyTorch). Tensors named golden.* are the numbers; all others are the decoder's own.
import json
import struct
from pathlib import Path

import torch
from torch import nn

torch.manual_seed(3)


def conv(a, b, bias=True):
    return nn.Conv2d(a, b, 3, padding=1, bias=bias)


class Clamp(nn.Module):
    def forward(self, x):
        return (x / 3).tanh() * 3


class Block(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.conv = nn.Sequential(conv(a, b), nn.ReLU(), conv(b, b), nn.ReLU(), conv(b, b))
        self.skip = nn.Conv2d(a, b, 1, bias=False) if a != b else nn.Identity()

    def forward(self, x):
        return (self.conv(x) + self.skip(x)).relu()


# Three enlargements, as Stable Diffusion's latents need; one block changes the channels, so that its skip has weights.
decoder = nn.Sequential(
    Clamp(), conv(4, 6), nn.ReLU(), Block(6, 6), nn.Upsample(scale_factor=2), conv(6, 6, bias=False), Block(6, 8),
    nn.Upsample(scale_factor=2), conv(8, 8, bias=False), nn.Upsample(scale_factor=2), conv(8, 8, bias=False), Block(8, 8), conv(8, 3))
with torch.no_grad():
    latent = 3 * torch.randn(1, 4, 3, 5)
    tensors = {**decoder.state_dict(), 'golden.latent': latent, 'golden.image': decoder(latent)}

header, body = {}, b''
for name, tensor in tensors.items():
    data = tensor.contiguous().numpy().astype('<f4').tobytes()
    header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [len(body), len(body) + len(data)]}
    body += data
text = json.dumps(header, separators=(',', ':')).encode()
text += b' ' * (-len(text) % 8)
Path(__file__).with_suffix('.safetensors').write_bytes(struct.pack('<Q', len(text)) + text + body)
