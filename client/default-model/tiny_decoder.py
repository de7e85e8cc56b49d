"""The small decoder of previews: TAESD's architecture and key names, distilled from the model's own decoder."""
import json
import math
import os
import random

import torch
from torch import nn

import concepts
import model
import safetensors_io
from bpe import Tokenizer
from captions import GROUNDS
from diffusion import ALPHAS, ddim_step, sampling_timesteps, start_noise
from parallel import Trainer
from vae_training import difference

FILE = "preview-decoder.safetensors"
WIDTH = 16
BLOCKS = (2, 2, 1)  # residual blocks at 16×16, 32×32 and 64×64
PROMPTS, HELD_OUT = 320, 24
STEPS, GUIDANCE = 20, 2.5
BATCH = 8
GUESSES = 2  # of each drawing, at steps by chance


class Clamp(nn.Module):
    def forward(self, x):
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        layers = [nn.Conv2d(channels, channels, 3, padding=1) for _ in range(3)]
        self.conv = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])

    def forward(self, x):
        return torch.relu(self.conv(x) + x)


def new_decoder(width=WIDTH, blocks=BLOCKS, latent_channels=4):
    """Latents as the sampler leaves them [n, 4, h, w] → pictures [n, 3, H, W] in 0…1."""
    layers = [Clamp(), nn.Conv2d(latent_channels, width, 3, padding=1), nn.ReLU()]
    for level, count in enumerate(blocks):
        if level > 0:
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, padding=1, bias=False)]
        layers += [Block(width) for _ in range(count)]
    return nn.Sequential(*layers, nn.Conv2d(width, 3, 3, padding=1))


def prompts(seed=11):
    """PROMPTS captions on grounds of all colours; of the last HELD_OUT, no name is among the others."""
    chooser = random.Random(seed)
    names = sorted({" ".join(name.split()) for name in concepts.NAMES.split(",")})
    chooser.shuffle(names)
    kept, others = names[:HELD_OUT], names[HELD_OUT:]
    chosen = [others[i % len(others)] for i in range(PROMPTS - HELD_OUT)] + kept
    grounds = [name for name in GROUNDS if name != "white"]
    ways = [way for way in concepts.SETS.values() if way]
    caption = lambda name: (f"{chooser.choice(ways)} " if chooser.random() < 0.3 else "") + name + (
        f" on {chooser.choice(grounds)}" if chooser.random() < 0.5 else "")
    return [caption(name) for name in chosen]


@torch.no_grad()
def guesses(denoiser, tokenizer, captions, seed=5, at_once=40):
    """Clean latents as guessed in every step of the captions' drawings [captions, steps, 4, 16, 16]: what previews show."""
    empty = denoiser.text(torch.tensor([tokenizer("")]))
    result = []
    for start in range(0, len(captions), at_once):
        context = denoiser.text(torch.tensor([tokenizer(text) for text in captions[start:start + at_once]]))
        count, seen = len(context), []
        x = start_noise(count, seed + start)
        both = torch.cat([empty.expand(count, -1, -1), context])
        for t in sampling_timesteps(STEPS):
            timesteps = torch.full((count,), t)
            plain, asked = denoiser.unet(torch.cat([x, x]), timesteps.repeat(2), both).float().chunk(2)
            noise = plain + GUIDANCE * (asked - plain)
            seen.append((x - (1 - ALPHAS[t]).sqrt() * noise) / ALPHAS[t].sqrt())
            x = ddim_step(x, noise, timesteps, STEPS)
        result.append(torch.stack(seen, dim=1))
        print(f"{start + count} of {len(captions)} drawn", flush=True)
    return torch.cat(result)


def train(work, folder, seconds, workers):
    """Writes the decoder in half precision into `folder`, and its name into model.json."""
    denoiser, vae, scale = model.load(folder)
    vae.requires_grad_(False)
    work.mkdir(parents=True, exist_ok=True)
    cache = work / "preview-latents.pt"
    if not cache.exists():
        torch.save(guesses(denoiser, Tokenizer(folder), prompts()), cache)
    drawn = torch.load(cache)
    torch.manual_seed(6)
    steps = torch.stack([torch.randperm(STEPS)[:GUESSES] for _ in drawn])
    chosen = torch.stack([guessed[some] for guessed, some in zip(drawn, steps)])
    latents, held_out = chosen[:-HELD_OUT].flatten(0, 1), chosen[-HELD_OUT:].flatten(0, 1)

    @torch.no_grad()
    def pictures(latents):
        return torch.cat([vae.decode(some / scale).clamp(-1, 1) for some in latents.split(20)])

    asked = pictures(latents)  # once: the large decoder costs more than a step of the small one's training
    print(f"{len(asked)} pictures", flush=True)

    decoder = new_decoder()
    trainer = Trainer(decoder, workers, weight_decay=0.0, ema_decay=0.99)

    def loss(rank, step):
        chosen = torch.randint(len(latents), (BATCH,))
        return difference(decoder(latents[chosen]) * 2 - 1, asked[chosen])

    def rate(progress):
        return min(1.0, (trainer.step + 1) / 50) * (1e-5 + 2e-3 * 0.5 * (1 + math.cos(math.pi * min(progress, 1))))

    def report(trainer, loss):
        print(f"preview step {trainer.step} second {trainer.seconds:.0f} loss {loss:.4f}", flush=True)

    trainer.run(seconds, loss, rate, report, every=30)
    trainer.use_ema()
    with torch.no_grad():
        error = (decoder(held_out) * 2 - 1).clamp(-1, 1) - pictures(held_out)
    print(f"held out: {-10 * torch.log10((error ** 2).mean() / 4):.2f} dB over {len(held_out)} guesses")
    tensors = {name: tensor.detach().half() for name, tensor in decoder.state_dict().items()}
    safetensors_io.save(folder / FILE, tensors)
    description = json.loads((folder / "model.json").read_text())
    part = folder / "model.json.part"
    part.write_text(json.dumps({**description, "previewDecoder": FILE}, indent=2) + "\n")
    os.replace(part, folder / "model.json")
