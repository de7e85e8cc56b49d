"""Trains the text encoder and the UNet together on the encoded pictures and their captions."""
import math
import random

import torch

import data
import model
from bpe import Tokenizer
from captions import caption
from diffusion import noise_loss, spread_timesteps
from latents import load_vae
from parallel import Trainer

RATE, LAST_RATE, WARM_STEPS = 1.2e-3, 2e-5, 200
COLOURED = 0.4  # share of the pictures on a ground that is not white
NOISES = 2  # a caption is encoded once for this many noisy copies of its picture


class Batches:
    """Endless (latents [n, 4, 16, 16], ids [n, 77]): most pictures on white, the others on a named ground."""

    def __init__(self, work, folder, seed):
        self.entries, _ = data.load(work)
        saved = torch.load(work / "latents.pt")
        self.latents, self.grounds = saved["latents"], saved["grounds"]
        self.tokenizer = Tokenizer(folder)
        self.random = random.Random(seed)
        self.queue = []

    def next(self, count):
        latents, ids = [], []
        for _ in range(count):
            if not self.queue:
                self.queue = self.random.sample(range(len(self.entries)), len(self.entries))
            picture = self.queue.pop()
            ground = self.random.randrange(1, self.latents.shape[1]) if self.random.random() < COLOURED else 0
            latents.append(self.latents[picture, ground])
            ids.append(self.tokenizer(caption(self.entries[picture], self.grounds[picture][ground], self.random)))
        return torch.stack(latents).float(), torch.tensor(ids)


def train(work, folder, seconds, workers, batch):
    torch.manual_seed(2)
    denoiser = model.Denoiser()
    trainer = Trainer(denoiser, workers, ema_decay=0.9995)
    trainer.resume(work / "unet.pt")
    batches = [Batches(work, folder, seed=1000 * trainer.step + rank) for rank in range(workers)]

    def loss(rank, step):
        latents, ids = batches[rank].next(batch // NOISES)
        timesteps = spread_timesteps(batch)[torch.randperm(batch)]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            context = denoiser.text(ids).repeat(NOISES, 1, 1)
            return noise_loss(lambda x, t: denoiser.unet(x, t, context), latents.repeat(NOISES, 1, 1, 1), timesteps)

    def rate(progress):
        cosine = 0.5 * (1 + math.cos(math.pi * min(progress, 1)))
        return min(1, (trainer.step + 1) / WARM_STEPS) * (LAST_RATE + (RATE - LAST_RATE) * cosine)

    def report(trainer, loss):
        print(f"unet step {trainer.step} second {trainer.seconds:.0f} loss {loss:.4f}", flush=True)
        trainer.save(work / "unet.pt")

    trainer.run(seconds, loss, rate, report)


def export(work, folder):
    """The averaged weights of the saved training state, as the model's files."""
    denoiser = model.Denoiser()
    averaged, offset = torch.load(work / "unet.pt")["ema"], 0
    for parameter in denoiser.parameters():
        parameter.data.copy_(averaged[offset:offset + parameter.numel()].view_as(parameter))
        offset += parameter.numel()
    model.export(folder, denoiser, load_vae(work, "vae-final.pt"), latent_scale=1.0)
