"""Chooses what the model learns to draw: names, their keywords, and the icons that show them."""
import json
import os
import re

# Iconify package → the word by which a caption asks for its way of drawing.
SETS = {"noto": "", "noto-v1": "classic", "fluent-emoji-flat": "flat", "fluent-emoji": "glossy"}

# Emojibase's group → how many of the sets must draw a name of it. Other groups (people, symbols, flags) are left out.
GROUPS = {0: 4, 3: 3, 4: 3, 5: 4, 6: 4, 7: 4}

# Too alike, too fine, or written words: what 16×16 latents cannot tell apart.
LEFT_OUT = re.compile(
    r"o.clock|-thirty|oncoming|mailbox|japanese|globe|bubble|moon face|banknote|arrow|gibbous|quarter moon|"
    r"new moon|crescent moon$|medal|train|railway|metro|monorail|tram|bus stop|station|banner|map of|"
    r"face$|face (with|without|blowing|savoring|in|screaming|exhaling)|cat with|cat face|.* cat$|monkey$|laughing|"
    r"locked|speaker|inbox|outbox|e-mail|incoming|card index|page|file|chart|notepad|memo|ledger|newspaper|"
    r"bookmark|notebook|pager|fax|videocassette|dvd|optical disk|slider|score|input|goal net|ticket|mahjong|"
    r"playing cards|suit$|performing|viewing|wedding|love hotel|convenience|department|post office|bank$|"
    r"hole$|dashing|zzz|hundred|anger|litter|sake|oden|custard|cityscape|night with|sunrise over|bridge at|"
    r"small cloud|large cloud|rain cloud|without snow|umbrella on|umbrella with rain|camel$|hand|"
    r"aerial|cableway|departure|arrival|seat|bellhop|motorway|construction|heart exclamation|"
    r"low battery|clamp|link$|chains|postal horn|trackball|film frames|with flash|clutch|trolleybus|minibus|"
    r"articulated|kaaba|shinto|derelict|houses|national park|stadium|classical|camping|foggy|fog$|"
    r"fish cake|rice cracker|dango|roasted|bento|shortcake|hatching|front-facing|see-no|hear-no|speak-no|"
    r"wilted|leaf fluttering|tanabata|pine deco|carp|wind chime|reminder|prayer|rescue|woman|man.s|coffin|urn|"
    r"cigarette|studio|telephone receiver|movie camera|film projector|magnifying glass tilted right|old key|"
    r"round pushpin|linked|hammer and|nut and bolt|shower|couch|statue|tokyo|tower|dagger|bomb|cow$|ewe|boar|"
    r"lying|exhaling|skull and|poo|ogre|goblin|kiss|eye in")

# Faces are nearly alike at this size; these differ in more than the mouth.
FACES = {
    "grinning face", "slightly smiling face", "smiling face with sunglasses", "smiling face with heart-eyes",
    "face with tears of joy", "crying face", "angry face", "sleeping face", "face with medical mask",
    "smiling face with horns", "smiling face with halo", "nauseated face", "cowboy hat face", "clown face",
    "astonished face", "winking face with tongue", "nerd face", "money-mouth face", "alien", "robot", "ghost", "skull",
    "dog face", "cat face", "mouse face", "rabbit face", "tiger face", "cow face", "pig face", "monkey face",
    "horse face", "sun with face", "new moon face", "full moon face", "dragon face", "crescent moon", "exploding head",
    "magnifying glass tilted left", "soccer ball", "american football"}


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"[’']", "", text.lower())).strip("-")


def plain(text):
    """A caption's spelling: lower case, straight apostrophes."""
    return text.lower().replace("’", "'")


def choose(work):
    """[{name, tags, set, icon}, …], one entry a picture, from the packages under `work`/node_modules."""
    read = lambda *path: json.load(open(os.path.join(work, "node_modules", *path), encoding="utf8"))
    icons = {name: read("@iconify-json", name, "icons.json")["icons"] for name in SETS}
    chosen = []
    for emoji in read("emojibase-data", "en", "data.json"):
        name = plain(emoji["label"])
        if emoji.get("group") not in GROUPS or (LEFT_OUT.search(name) and name not in FACES):
            continue
        spellings = slug(name), slug(name).replace("-", "")
        found = {key: next((s for s in spellings if s in icons[key]), None) for key in SETS}
        found = {key: icon for key, icon in found.items() if icon}
        if len(found) < GROUPS[emoji["group"]] and name not in FACES:
            continue
        tags = sorted({plain(tag) for tag in emoji.get("tags", []) if re.fullmatch(r"[A-Za-z' -]+", tag)} - {name})
        chosen += [{"name": name, "tags": tags, "set": key, "icon": icon} for key, icon in found.items()]
    return chosen
