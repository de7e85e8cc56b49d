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
from diffusion import draw, noise_loss, spread_timesteps
from hypernetwork import Hypernetwork, widths
from parallel import Trainer
from style_pictures import STYLES

PICTURES, BATCH, RATE = 100, 16, 4e-3  # BATCH is a process's
# What short training leaves short: the strength at which the style classifier agreed most, made strength 1.
GAINS = {"blueprint": 1.75, "silhouette": 1.0, "risograph": 1.0}
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


def train(name, work, folder, seconds, workers, resume):
    """Trains one style; with `resume`, on from the weights in its file."""
    torch.manual_seed(3)
    entries, rgba = data.load(work)
    chosen = choose(entries)
    denoiser, vae, scale = model.load(folder)
    with torch.no_grad():
        latents = vae.encode(STYLES[name](rgba[chosen])) * scale
    path, steps_before = folder / "styles" / f"{name}.pt", 0
    network = Hypernetwork(widths(denoiser.unet))
    if resume and path.exists():
        network, steps_before = hypernetwork.load(path), torch.load(path)["step"]
    network.attach(denoiser.unet)
    denoiser.requires_grad_(False)
    tokenizer = Tokenizer(folder)
    trainer = Trainer(network, workers, ema_decay=0.98)
    choosers = [random.Random(rank) for rank in range(workers)]

    def loss(rank, step):
        places = [choosers[rank].randrange(PICTURES) for _ in range(BATCH)]
        ids = torch.tensor([tokenizer(words(entries[chosen[place]], choosers[rank])) for place in places])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return noise_loss(lambda x, t: denoiser(x, t, ids), latents[places], spread_timesteps(BATCH),
                              LEAST_WEIGHT)

    def rate(progress):
        return min(1, (trainer.step + 1) / 20) * RATE * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(progress, 1))))

    report = lambda trainer, loss: print(f"{name} step {trainer.step} loss {loss:.4f}", flush=True)
    trainer.run(seconds, loss, rate, report, every=30)
    trainer.use_ema()
    if not resume:
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
