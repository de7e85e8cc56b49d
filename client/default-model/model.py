"""The default model as a whole: its sizes, its three networks, and its files."""
import json
import os
from pathlib import Path

import torch
from torch import nn

import safetensors_io
from clip import TextTransformer
from unet import UNet
from vae import AutoencoderKL

MERGES = 2302  # 512 characters + merges + start + end = 2816 tokens
VOCABULARY = 512 + MERGES + 2
CONTEXT_WIDTH, TEXT_LAYERS, TEXT_HEADS = 96, 2, 4
UNET_CHANNELS, UNET_MULTIPLIERS, UNET_RES_BLOCKS, UNET_ATTENTION, UNET_HEADS = 32, (1, 2, 4), 1, (2, 4), 4
VAE_CHANNELS, VAE_MULTIPLIERS, VAE_RES_BLOCKS = 32, (1, 2, 2), 1

PREFIXES = {
    "unet": "model.diffusion_model.",
    "vae": "first_stage_model.",
    "text": "cond_stage_model.transformer.text_model."}


def new_vae():
    return AutoencoderKL(VAE_CHANNELS, VAE_MULTIPLIERS, VAE_RES_BLOCKS)


class Denoiser(nn.Module):
    """The text encoder and the UNet, which are trained together."""

    def __init__(self):
        super().__init__()
        self.text = TextTransformer(VOCABULARY, CONTEXT_WIDTH, TEXT_LAYERS, TEXT_HEADS)
        self.unet = UNet(UNET_CHANNELS, UNET_MULTIPLIERS, UNET_RES_BLOCKS, UNET_ATTENTION, UNET_HEADS, CONTEXT_WIDTH)

    def forward(self, latents, timesteps, ids):
        return self.unet(latents, timesteps, self.text(ids))


def export(folder, denoiser, vae, latent_scale):
    """Writes checkpoint.safetensors (half precision, single-file key names) and model.json into `folder`."""
    parts = {"unet": denoiser.unet, "vae": vae, "text": denoiser.text}
    tensors = {PREFIXES[part] + name: tensor.detach().half()
               for part, module in parts.items() for name, tensor in module.state_dict().items()}
    safetensors_io.save(folder / "checkpoint.safetensors", tensors)
    description = {
        "name": "pictograms",
        "architecture": "stable-diffusion-v1",
        "checkpoint": "checkpoint.safetensors",
        "tokenizer": {"vocab": "vocab.json", "merges": "merges.txt"},
        "attentionHeads": UNET_HEADS,
        "textEncoderHeads": TEXT_HEADS,
        "latentScale": round(float(latent_scale), 5),
        "prediction": "epsilon",
        "defaults": {"width": 64, "height": 64, "steps": 20, "guidance": 2.5, "sampler": "ddim"}}
    part = Path(folder) / "model.json.part"
    part.write_text(json.dumps(description, indent=2) + "\n")
    os.replace(part, Path(folder) / "model.json")


def load(folder):
    """(denoiser, vae, latent scale) of an exported model, in single precision."""
    tensors = safetensors_io.load(folder / "checkpoint.safetensors")
    description = json.loads((folder / "model.json").read_text())
    denoiser, vae = Denoiser(), new_vae()
    for part, module in {"unet": denoiser.unet, "vae": vae, "text": denoiser.text}.items():
        prefix = PREFIXES[part]
        module.load_state_dict({k[len(prefix):]: t.float() for k, t in tensors.items() if k.startswith(prefix)})
        module.eval()
    return denoiser, vae, description["latentScale"]
