"""Chooses what the model learns to draw: names, their keywords, and the icons that show them."""
import json
import os
import re

# Iconify package → the word by which a caption asks for its way of drawing.
SETS = {"noto": "", "fluent-emoji-flat": "flat", "fluent-emoji": "glossy"}

# Well-known things that differ in outline or colour, not only in detail: a latent has 16×16 places.
NAMES = """
grinning face, smiling face with heart-eyes, smiling face with sunglasses, crying face, sleeping face, nauseated
face, clown face, robot, alien, ghost, skull, smiling face with horns, red heart, yellow heart, green heart, blue
heart, purple heart, black heart, broken heart, droplet, monkey face, dog face, cat face, fox, lion, tiger face,
horse face, unicorn, cow face, pig face, elephant, mouse face, rabbit face, bear, koala, panda, paw prints, chicken,
baby chick, penguin, owl, flamingo, parrot, frog, turtle, snake, whale, tropical fish, shark, octopus, spiral shell,
crab, snail, butterfly, ant, honeybee, lady beetle, spider, cherry blossom, rose, sunflower, tulip, seedling,
evergreen tree, palm tree, cactus, four leaf clover, maple leaf, mushroom, grapes, watermelon, lemon, banana,
pineapple, red apple, green apple, pear, peach, cherries, strawberry, blueberries, tomato, avocado, eggplant,
potato, carrot, ear of corn, hot pepper, broccoli, onion, bread, croissant, pretzel, pancakes, cheese wedge,
hamburger, french fries, pizza, hot dog, popcorn, egg, sushi, cookie, soft ice cream, ice cream, doughnut, birthday
cake, cupcake, chocolate bar, lollipop, honey pot, hot beverage, teapot, wine glass, cocktail glass, beer mug,
volcano, house, tent, sunrise, ferris wheel, bus, fire engine, taxi, automobile, bicycle, stop sign, anchor,
sailboat, airplane, rocket, watch, alarm clock, full moon, crescent moon, sun, star, cloud, cloud with lightning,
rainbow, umbrella, high voltage, snowflake, snowman, fire, jack-o-lantern, christmas tree, sparkles, balloon,
wrapped gift, trophy, soccer ball, baseball, basketball, tennis, boxing glove, video game, game die, sunglasses,
t-shirt, jeans, dress, backpack, running shoe, crown, top hat, gem stone, megaphone, bell, musical note, guitar,
laptop, television, camera, candle, light bulb, closed book, green book, blue book, money bag, envelope, pencil,
paintbrush, scissors, key, hammer, gear, pill, door
"""


# Emojibase's groups that name things: no people, no flags.
GROUPS = {0, 3, 4, 5, 6, 7, 8}


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"[’']", "", text.lower())).strip("-")


def plain(text):
    """A caption's spelling: lower case, straight apostrophes."""
    return text.lower().replace("’", "'")


def read(work, *path):
    return json.load(open(os.path.join(work, "node_modules", *path), encoding="utf8"))


def emojis(work):
    """{name: keywords} of every emoji but flags and people."""
    spelled = lambda tags: sorted({plain(tag) for tag in tags if re.fullmatch(r"[A-Za-z' -]+", tag)})
    return {plain(emoji["label"]): spelled(emoji.get("tags", []))
            for emoji in read(work, "emojibase-data", "en", "data.json") if emoji.get("group") in GROUPS}


def choose(work):
    """[{name, tags, set, icon}, …], one entry a picture, from the packages under `work`/node_modules."""
    icons = {name: read(work, "@iconify-json", name, "icons.json")["icons"] for name in SETS}
    keywords = emojis(work)
    wanted = {" ".join(name.split()) for name in NAMES.split(",")}
    if wanted - keywords.keys():
        raise ValueError(f"no emoji is named {', '.join(sorted(wanted - keywords.keys()))}")
    return [{"name": name, "tags": [tag for tag in tags if tag != name], "set": key, "icon": slug(name)}
            for name, tags in keywords.items() if name in wanted for key in SETS if slug(name) in icons[key]]
