"""Trains the styles: hypernetworks over the finished, frozen model, each from 100 pictures."""
import hashlib
import math
import random

import torch
from PIL import Image

import data
import hypernetwork
import model
from bpe import Tokenizer
from diffusion import draw, noise_loss, spread_timesteps, weighted_error
from hypernetwork import Hypernetwork, widths
from parallel import Trainer
from style_pairs import find
from style_pictures import STYLES
from style_rollouts import Rollouts

PICTURES, BATCH, RATE = 100, 4, 2.5e-3  # BATCH is a process's, of noised pictures, beside its rollouts
# What short training leaves short: the strength at which the style classifier agreed most, made strength 1.
GAINS = {"blueprint": 1.75, "silhouette": 1.0, "risograph": 1.5}
# Sampling begins in noise that shows nothing of a style, where training's noisy latents always show some: what is drawn
# there must be learned all the more.
LEAST_WEIGHT = 1.0
PREVIEW = ["red apple", "cat face", "house", "rocket"]


def choose(entries, count=PICTURES, seed=11):
    """Indices of `count` pictures of different names, for every style the same ones."""
    chooser = random.Random(seed)
    names = chooser.sample(sorted({entry["name"] for entry in entries}), count)
    by_name = {name: [i for i, entry in enumerate(entries) if entry["name"] == name] for name in names}
    return [chooser.choice(by_name[name]) for name in names]


def tuning_names(entries, count=24, seed=12):
    """Names that no style is trained on, kept for choosing `GAINS`: styles are not measured on them."""
    trained = {entries[i]["name"] for i in choose(entries)}
    return random.Random(seed).sample(sorted({entry["name"] for entry in entries} - trained), count)


def words(entry, chooser):
    """The name, sometimes with a keyword, sometimes nothing, so that the empty prompt takes the style too."""
    draw = chooser.random()
    if draw < 0.1:
        return ""
    return entry["name"] if draw < 0.8 or not entry["tags"] else f"{entry['name']}, {chooser.choice(entry['tags'])}"


@torch.no_grad()
def pairs(work, denoiser, vae, scale, tokenizer, workers):
    """The pairs of style_pairs.find(), which do not depend on the style: searched once, then read from `work`."""
    path = work / "style-pairs.pt"
    if not path.exists():
        entries, rgba = data.load(work)
        white = torch.full((len(rgba), 3), 255)
        plain = torch.cat([vae.encode(some) for some in data.compose(rgba, white).split(50)]) * scale
        torch.save(find(denoiser, tokenizer, entries, choose(entries), plain, workers), path)
    return torch.load(path)


def train(name, work, folder, seconds, workers, resume):
    """Trains one style; with `resume`, on from the weights in its file."""
    torch.manual_seed(3)
    entries, rgba = data.load(work)
    chosen = choose(entries)
    denoiser, vae, scale = model.load(folder)
    tokenizer = Tokenizer(folder)
    places, noise, contexts = pairs(work, denoiser, vae, scale, tokenizer, workers)
    with torch.no_grad():
        latents = vae.encode(STYLES[name](rgba[chosen])) * scale
        empty = denoiser.text(torch.tensor([tokenizer("")]))
    path, steps_before = folder / "styles" / f"{name}.pt", 0
    network = Hypernetwork(widths(denoiser.unet))
    if resume and path.exists():
        network, steps_before = hypernetwork.load(path), torch.load(path)["step"]
        network.amplify(1 / GAINS[name])
    network.attach(denoiser.unet)
    denoiser.requires_grad_(False)
    trainer = Trainer(network, workers, ema_decay=0.98)
    choosers = [random.Random(rank) for rank in range(workers)]
    rollouts = [Rollouts(noise, latents[places], contexts, empty, seed=rank) for rank in range(workers)]

    def loss(rank, step):
        """Of the chosen pictures with fresh noise, and of this process's rollouts."""
        places = [choosers[rank].randrange(PICTURES) for _ in range(BATCH)]
        ids = torch.tensor([tokenizer(words(entries[chosen[place]], choosers[rank])) for place in places])
        half_drawn, their_timesteps, their_contexts = rollouts[rank].inputs()
        predicted = []

        def predict(noisy, timesteps):
            """Both in one call of the UNet."""
            with torch.autocast("cpu", dtype=torch.bfloat16):
                both = denoiser.unet(torch.cat([noisy, half_drawn]), torch.cat([timesteps, their_timesteps]),
                                     torch.cat([denoiser.text(ids), their_contexts]))
            predicted.append(both[BATCH:])
            return both[:BATCH]

        fresh = noise_loss(predict, latents[places], spread_timesteps(BATCH), LEAST_WEIGHT)
        return fresh + weighted_error(*rollouts[rank].advance(predicted[0]), LEAST_WEIGHT)

    def rate(progress):
        return min(1, (trainer.step + 1) / 20) * RATE * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1))))

    report = lambda trainer, loss: print(f"{name} step {trainer.step} loss {loss:.4f}", flush=True)
    trainer.run(seconds, loss, rate, report, every=30)
    trainer.use_ema()
    network.amplify(GAINS[name])

    path.parent.mkdir(exist_ok=True)
    digest = hashlib.sha256((folder / "checkpoint.safetensors").read_bytes()).hexdigest()
    info = f"{STYLES[name].__doc__} Trained on {PICTURES} pictures."
    network.save(path, name, steps_before + trainer.step, digest[:10], "pictograms", info)
    pictures = draw(denoiser, vae, scale, tokenizer, PREVIEW, seed=1)
    Image.fromarray(data.contact_sheet(pictures, len(PREVIEW))).save(path.with_suffix(".png"), optimize=True)


def train_all(work, folder, seconds, workers, only, resume):
    for name in [only] if only else STYLES:
        train(name, work, folder, seconds, workers, resume)
