#!/usr/bin/python3
"""Measures the default model: does a caption draw its own thing, and does a style look like itself?"""
import argparse
import json
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image

import data
import hypernetwork
import model
from bpe import Tokenizer
from captions import GROUNDS
from diffusion import draw
from style_pictures import STYLES
from style_names import choose, tuning_names
from vae_training import MOST_GRAIN

HERE = Path(__file__).resolve().parent
SEED = 2024
GRID = [
    "red apple", "banana", "strawberry", "carrot", "pizza", "hamburger", "ice cream", "birthday cake",
    "cat face", "dog face", "panda", "fox", "penguin", "octopus", "butterfly", "ladybug",
    "red heart", "blue heart", "star", "rainbow", "fire", "sun", "snowflake", "crescent moon",
    "house", "rocket", "automobile", "sailboat", "bicycle", "airplane", "bus", "volcano",
    "red apple on blue", "penguin on pink", "rocket on black", "tulip on yellow",
    "flat guitar", "glossy guitar", "flat mushroom on teal", "glossy mushroom on green"]


def blurred(pictures):
    """[n, 3, 64, 64] → [n, 768]: the means of 4×4 pixels."""
    return F.avg_pool2d(pictures, 4).flatten(1)


def retrieval(artist, entries, on_white, count=100):
    """Of `count` names drawn, how many have a picture of that name as their nearest training picture."""
    names = random.Random(SEED).sample(sorted({entry["name"] for entry in entries}), count)
    drawn = artist(names)
    nearest = torch.cdist(blurred(drawn), blurred(on_white)).topk(5, largest=False).indices.tolist()
    first = sum(entries[row[0]]["name"] == name for row, name in zip(nearest, names))
    five = sum(any(entries[i]["name"] == name for i in row) for row, name in zip(nearest, names))
    return {"captions": count, "nearest_shares_name": first, "among_nearest_five": five}


def ground_accuracy(artist, entries, count=60):
    """Of `count` captions with a ground, how many pictures have corners nearest to the colour asked for."""
    chooser = random.Random(SEED + 1)
    names = chooser.sample(sorted({entry["name"] for entry in entries}), count)
    asked = [chooser.choice(list(GROUNDS)[1:]) for _ in names]
    drawn = artist([f"{name} on {ground}" for name, ground in zip(names, asked)])
    corners = torch.stack([drawn[:, :, y, x] for y in (2, -3) for x in (2, -3)]).median(0).values
    colours = torch.tensor(list(GROUNDS.values())) / 127.5 - 1
    found = torch.cdist(corners, colours).argmin(1).tolist()
    return {"captions": count, "right_ground": sum(list(GROUNDS)[i] == g for i, g in zip(found, asked))}


def statistics(pictures):
    """[n, 3, h, w] → [n, 8]: means and deviations of the channels, and how steep the picture is in x and y."""
    flat = pictures.flatten(2)
    slopes = torch.stack([pictures.diff(dim=d).abs().mean((1, 2, 3)) for d in (2, 3)], dim=1)
    return torch.cat([flat.mean(2), flat.std(2), slopes], dim=1)


class StyleClassifier:
    """Multinomial logistic regression on pixel statistics: no style (0) or one of the styles (1 …).

    It is fitted to training pictures, plain and put into the styles by image operations, after they went through the
    autoencoder with grain on their latents: as crisp as the model can draw, no crisper.
    """

    @torch.no_grad()
    def drawn(self, vae, pictures):
        torch.manual_seed(SEED)
        latents = torch.cat([vae.encode(some) for some in pictures.split(50)])
        latents += torch.rand(len(latents), 1, 1, 1) * MOST_GRAIN * torch.randn_like(latents)
        return torch.cat([vae.decode(some) for some in latents.split(50)])

    def __init__(self, vae, rgba):
        grounds = torch.tensor(list(GROUNDS.values()))[torch.arange(len(rgba)) % len(GROUNDS)]
        kinds = [torch.cat([data.compose(rgba, torch.full((len(rgba), 3), 255)), data.compose(rgba, grounds)]),
                 *(make(rgba) for make in STYLES.values())]
        features = torch.cat([statistics(self.drawn(vae, pictures)) for pictures in kinds])
        labels = torch.cat([torch.full((len(pictures),), kind) for kind, pictures in enumerate(kinds)])
        self.mean, self.std = features.mean(0), features.std(0) + 1e-3
        self.linear = torch.nn.Linear(features.shape[1], len(kinds))
        features = (features - self.mean) / self.std
        optimiser = torch.optim.LBFGS(self.linear.parameters(), max_iter=200)

        def closure():
            optimiser.zero_grad()
            loss = F.cross_entropy(self.linear(features), labels) + 1e-3 * self.linear.weight.pow(2).sum()
            loss.backward()
            return loss

        optimiser.step(closure)
        self.training_accuracy = (self.linear(features).argmax(1) == labels).float().mean().item()

    def __call__(self, pictures):
        return self.linear((statistics(pictures) - self.mean) / self.std).argmax(1)


def styled(artist, denoiser, folder, name, strengths, names):
    """Pictures of `names` in a style, by strength."""
    network = hypernetwork.load(folder / "styles" / f"{name}.pt")
    network.attach(denoiser.unet)
    for strength in strengths:
        network.set_strength(strength)
        yield strength, artist(names)
    hypernetwork.detach(denoiser.unet)


def style_gains(artist, denoiser, vae, entries, rgba, folder, only=None):
    """For each style, the share of pictures called that style by strength, on the names kept for choosing gains."""
    names = tuning_names(entries)
    classifier = StyleClassifier(vae, rgba[::6])
    return {name: {strength: round((classifier(pictures) == kind).float().mean().item(), 3)
                   for strength, pictures in styled(artist, denoiser, folder, name, (1, 1.25, 1.5, 1.75), names)}
            for kind, name in enumerate(STYLES, start=1) if only in (None, name)}


def style_shares(artist, denoiser, vae, entries, rgba, folder, only=None, count=100):
    """For each style, the share of pictures called that style by strength: of all names, and of those new to the styles."""
    trained = {entries[i]["name"] for i in choose(entries)}
    names = sorted({entry["name"] for entry in entries} - set(tuning_names(entries)))
    names = random.Random(SEED + 2).sample(names, count)
    new = torch.tensor([name not in trained for name in names])
    classifier = StyleClassifier(vae, rgba[::6])
    result = {"captions": count, "names_new_to_styles": int(new.sum()),
              "classifier_accuracy": round(classifier.training_accuracy, 4)}
    plain = classifier(artist(names))  # strength 0 leaves the model as it is, whatever the style
    for kind, name in enumerate(STYLES, start=1):
        if only not in (None, name):
            continue
        called = {0: plain}
        called |= {s: classifier(pictures) for s, pictures in styled(artist, denoiser, folder, name, (0.5, 1), names)}
        share = lambda kinds: round((kinds == kind).float().mean().item(), 3)
        result[name] = {f"strength_{s}": share(kinds) for s, kinds in called.items()}
        result[name]["strength_1_new_names"] = share(called[1][new])
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder that train.py filled")
    parser.add_argument("--model", type=Path, default=HERE, help="folder of the model (default: this one)")
    parser.add_argument("--guidance", type=float, default=2.5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=["retrieval", "grounds", "styles", "gains", "nothing"])
    parser.add_argument("--style", choices=list(STYLES), help="of the styles, measure this one alone")
    parser.add_argument("--grid", type=Path, help="write a sheet of pictures to this PNG")
    parser.add_argument("--json", type=Path, help="write the figures to this file, beside those that are there")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    entries, rgba = data.load(options.work)
    denoiser, vae, scale = model.load(options.model)
    tokenizer = Tokenizer(options.model)
    settings = {"steps": options.steps, "guidance": options.guidance}
    artist = lambda prompts: draw(denoiser, vae, scale, tokenizer, prompts, seed=SEED, **settings)
    wanted = lambda name: options.only in (None, name)

    known = json.loads(options.json.read_text()) if options.json and options.json.exists() else {}
    figures = {**known, "sampler": "ddim", **settings, "seed": SEED}
    if wanted("retrieval"):
        figures["retrieval"] = retrieval(artist, entries, data.compose(rgba, torch.full((len(rgba), 3), 255)))
    if wanted("grounds"):
        figures["grounds"] = ground_accuracy(artist, entries)
    if wanted("styles"):
        shares = style_shares(artist, denoiser, vae, entries, rgba, options.model, options.style)
        figures["styles"] = {**known.get("styles", {}), **shares}
    if options.only == "gains":
        figures["gains"] = style_gains(artist, denoiser, vae, entries, rgba, options.model, options.style)
    if options.grid:
        Image.fromarray(data.contact_sheet(artist(GRID), 8)).save(options.grid, optimize=True)
    text = json.dumps(figures, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
