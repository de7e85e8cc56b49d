# Writes model-training.json: loss and gradients of all weights of sd-tiny's UNet and text encoder, by PyTorch's autograd.
# Run: python3 model-training.py. The networks are those of client/default-model, which hold the numbers of
# sd-tiny/expected.safetensors; the batch is the first of sd-tiny/training.safetensors with the two prompts of expected.safetensors.
# Of each gradient g it keeps the length and the product with cos(0), cos(1), cos(2) ..., both in float64.
import json
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "client/default-model"))

import model
import safetensors_io
from clip import TextTransformer
from diffusion import noised
from unet import UNet

TINY = HERE / "sd-tiny"
weights = safetensors_io.load(TINY / "checkpoint.safetensors")
training = safetensors_io.load(TINY / "training.safetensors")
ids = safetensors_io.load(TINY / "expected.safetensors")["input_ids"].long()
parts = {"unet": UNet(32, (1, 2), 1, (1, 2), heads=4, context_width=24),
         "text": TextTransformer(600, 24, layers=2, heads=2)}
for part, module in parts.items():
    prefix = model.PREFIXES[part]
    own = {name[len(prefix):]: t for name, t in weights.items() if name.startswith(prefix)}
    own.pop("embeddings.position_ids", None)
    module.load_state_dict(own)

latents, noise, timesteps = (training[name][0] for name in ("latents", "noise", "timesteps"))
timesteps = timesteps.long()
predicted = parts["unet"](noised(latents, noise, timesteps), timesteps, parts["text"](ids))
loss = ((predicted - noise) ** 2).mean()
loss.backward()
gradients = {}
for part, module in parts.items():
    for name, parameter in module.named_parameters():
        flat = parameter.grad.flatten().double()
        pattern = torch.cos(torch.arange(len(flat), dtype=torch.float64))
        gradients[model.PREFIXES[part] + name] = [flat.norm().item(), (flat @ pattern).item()]
lines = ",\n".join(f'  "{name}": [{a:.9g}, {b:.9g}]' for name, (a, b) in gradients.items())
(HERE / "model-training.json").write_text(f'{{ "loss": {loss.item():.9g}, "gradients": {{\n{lines}\n}} }}\n')
