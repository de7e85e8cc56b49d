"""Which pictures the styles are trained on, and which names are kept for choosing how strong a style's file is."""
import random

PICTURES = 100


def choose(entries, count=PICTURES, seed=11):
    """Indices of `count` pictures of different names, for every style the same ones."""
    chooser = random.Random(seed)
    names = chooser.sample(sorted({entry["name"] for entry in entries}), count)
    by_name = {name: [i for i, entry in enumerate(entries) if entry["name"] == name] for name in names}
    return [chooser.choice(by_name[name]) for name in names]


def tuning_names(entries, count=24, seed=12):
    """Names that no style is trained on, kept for choosing a gain: styles are not measured on them."""
    trained = {entries[i]["name"] for i in choose(entries)}
    return random.Random(seed).sample(sorted({entry["name"] for entry in entries} - trained), count)
