"""Words for a picture: its name, some of its keywords, the way it is drawn, and the colour of its ground."""
from concepts import SETS

GROUNDS = {
    "white": (255, 255, 255), "black": (20, 20, 22), "gray": (150, 152, 156), "red": (222, 60, 56),
    "orange": (245, 150, 50), "yellow": (252, 220, 90), "green": (72, 168, 92), "blue": (62, 116, 226),
    "purple": (140, 84, 196), "pink": (248, 172, 204), "brown": (130, 86, 60), "teal": (40, 160, 164)}


def caption(picture, ground, random):
    """A caption of one entry of concepts.choose(), new words at each call. White is the ground that goes unnamed."""
    if random.random() < 0.1:
        return ""
    draw, tags = random.random(), list(picture["tags"])
    random.shuffle(tags)
    if draw < 0.65 or not tags:
        parts = [picture["name"]]
    elif draw < 0.92:
        parts = [picture["name"], *tags[:random.randint(1, 3)]]
        random.shuffle(parts)
    else:
        parts = tags[:random.randint(1, 4)]
    text = ", ".join(parts)
    if SETS[picture["set"]] and random.random() < 0.5:
        text = f"{SETS[picture['set']]} {text}"
    if ground != "white" or random.random() < 0.05:
        text += f" on {ground}"
    return text


def corpus(names):
    """Texts that weigh words as captions do, for the byte-pair vocabulary; `names` is {name: keywords}."""
    texts = [text for name, tags in names.items() for text in [name] * 36 + tags * 3]
    return texts + list(GROUNDS) * 200 + [word for word in SETS.values() if word] * 200 + ["on"] * 500 + ["a"] * 200
