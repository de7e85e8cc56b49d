"""Trains the autoencoder on pictures over random grounds, and on the styles' pictures."""
import math

import torch

import data
from latents import load_vae
from model import new_vae
from parallel import Trainer
from style_pictures import STYLES

KL_WEIGHT = 1e-4
CROP, CROPS, FULL = 32, 14, 4  # a process's batch: small crops at first, whole pictures later
CROPS_UNTIL = 0.65  # share of the time
MOST_GRAIN = 0.3  # deviation of the noise on the latents while the decoder is finished


def batch(rgba, count, style_share=0.25):
    """Pictures [count, 3, 64, 64]: most on a ground of any colour, half of those white; some in a style."""
    chosen = rgba[torch.randint(len(rgba), (count,))]
    colours = torch.rand(count, 3) * 255
    colours[torch.rand(count) < 0.4] = 255
    pictures = data.compose(chosen, colours)
    styled = int(count * style_share)
    style = list(STYLES.values())[torch.randint(len(STYLES), ()).item()]
    pictures[:styled] = style(chosen[:styled])
    return pictures.flip(3) if torch.rand(()) < 0.5 else pictures


def crop(pictures, size):
    y, x = torch.randint(0, pictures.shape[2] - size + 1, (2,)).tolist()
    return pictures[:, :, y:y + size, x:x + size]


def difference(rebuilt, pictures):
    """Absolute and squared error, and errors of hue and of slopes.

    Without the hue term the first thousand steps leave all colours on one line from orange to blue.
    """
    error = rebuilt - pictures
    slopes = error.diff(dim=2).abs().mean() + error.diff(dim=3).abs().mean()
    return error.abs().mean() + (error ** 2).mean() + error.diff(dim=1).abs().mean() + 0.25 * slopes


def reconstruction_loss(vae, pictures):
    """The pictures' difference, and a light pull of the latents to unit variance."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mean, log_variance = vae.moments(pictures).float().clamp(-20, 20).chunk(2, dim=1)
        latents = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        rebuilt = vae.decode(latents).float()
    divergence = 0.5 * (mean ** 2 + log_variance.exp() - 1 - log_variance).mean()
    return difference(rebuilt, pictures) + KL_WEIGHT * divergence


def train(work, seconds, workers):
    _, rgba = data.load(work)
    torch.manual_seed(1)
    vae = new_vae()
    trainer = Trainer(vae, workers, weight_decay=0.0, ema_decay=0.99)
    trainer.resume(work / "vae.pt")

    def loss(rank, step):
        if trainer.seconds < CROPS_UNTIL * seconds:
            return reconstruction_loss(vae, crop(batch(rgba, CROPS), CROP))
        return reconstruction_loss(vae, batch(rgba, FULL))

    def rate(progress):
        warm = min(1.0, (trainer.step + 1) / 50)
        return warm * (1e-5 + 1.5e-3 * 0.5 * (1 + math.cos(math.pi * progress)))

    def report(trainer, loss):
        print(f"vae step {trainer.step} second {trainer.seconds:.0f} loss {loss:.4f}", flush=True)
        trainer.save(work / "vae.pt")

    trainer.run(seconds, loss, rate, report, every=30)
    trainer.use_ema()
    torch.save(vae.state_dict(), work / "vae-ema.pt")


def finish_decoder(work, seconds, workers):
    """Trains the decoder alone on latents with the grain that the finished UNet leaves, so that it smooths it away."""
    _, rgba = data.load(work)
    torch.manual_seed(4)
    vae = load_vae(work, "vae-whitened.pt")
    for part in (vae.encoder, vae.quant_conv):
        part.requires_grad_(False)
    trainer = Trainer(vae, workers, weight_decay=0.0, ema_decay=0.98)

    def loss(rank, step):
        pictures = batch(rgba, FULL)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            with torch.no_grad():
                latents = vae.encode(pictures).float()
            grain = torch.rand(FULL, 1, 1, 1) * MOST_GRAIN
            return difference(vae.decode(latents + grain * torch.randn_like(latents)).float(), pictures)

    rate = lambda progress: 1e-5 + 5e-4 * 0.5 * (1 + math.cos(math.pi * min(progress, 1)))
    report = lambda trainer, loss: print(f"decoder step {trainer.step} loss {loss:.4f}", flush=True)
    trainer.run(seconds, loss, rate, report, every=30)
    trainer.use_ema()
    torch.save(vae.state_dict(), work / "vae-final.pt")
