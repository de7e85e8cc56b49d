"""Writes the folders of pictures and captions that `tincture train` takes: the styles', the plain ones, and all drawings."""
import random

import torch
from PIL import Image

import data
from captions import GROUNDS, caption
from style_pictures import STYLES
from style_names import choose


def words(entry, number):
    """The name; every fifth picture's with a keyword."""
    return entry["name"] if number % 5 or not entry["tags"] else f"{entry['name']}, {entry['tags'][0]}"


def save(folder, stem, picture, text=None):
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / f"{stem}.png")
    if text is not None:
        (folder / f"{stem}.txt").write_text(f"{text}\n")


def write_styles(work):
    """`styles/NAME`: 100 pictures in each style; `plain`: the same without one, under the same names."""
    entries, rgba = data.load(work)
    chosen = choose(entries)
    white = torch.full((len(chosen), 3), 255)
    folders = {"plain": data.compose(rgba[chosen], white)}
    folders |= {f"styles/{name}": make(rgba[chosen]) for name, make in STYLES.items()}
    for name, pictures in folders.items():
        for number, picture in enumerate(data.to_bytes(pictures)):
            text = None if name == "plain" else words(entries[chosen[number]], number)
            save(work / name, f"{number:03d}", picture, text)


def write_drawings(work):
    """`drawings`: every picture on white and on one more ground, with captions as the model was trained on, none empty."""
    entries, rgba = data.load(work)
    chooser = random.Random(7)
    others = [name for name in GROUNDS if name != "white"]
    for number, entry in enumerate(entries):
        for side, ground in enumerate(["white", chooser.choice(others)]):
            picture = data.to_bytes(data.compose(rgba[number:number + 1], torch.tensor([GROUNDS[ground]])))[0]
            text = ""
            while not text:
                text = caption(entry, ground, chooser)
            save(work / "drawings", f"{number:03d}-{side}", picture, text)
