// What the gate learns: names that the default model can draw, by the style that they shall get.

/** Shares in the gate's order: the three bases, then none. */
export const KINDS = ['blueprint', 'risograph', 'silhouette', 'none'] as const;
export type Kind = (typeof KINDS)[number];

/** Technical things, the night and what shines in it, living things, food. */
const NAMES: Readonly<Record<Kind, string>> = {
  blueprint: `house, tent, ferris wheel, bus, fire engine, taxi, automobile, bicycle, stop sign, anchor, sailboat, airplane,
    watch, alarm clock, umbrella, backpack, laptop, television, camera, scissors, key, hammer, gear, door, pencil, envelope,
    teapot, robot, running shoe, megaphone, bell, trophy`,
  risograph: `full moon, crescent moon, star, sparkles, high voltage, cloud with lightning, rocket, alien, ghost, skull, video game,
    game die, musical note, guitar, cocktail glass, light bulb, candle, fire, jack-o-lantern, christmas tree, rainbow, gem stone,
    balloon, volcano, sunglasses, crown, purple heart, blue heart`,
  silhouette: `monkey face, dog face, cat face, fox, lion, tiger face, horse face, unicorn, cow face, pig face, elephant, mouse face,
    rabbit face, bear, koala, panda, chicken, baby chick, penguin, owl, flamingo, parrot, frog, turtle, snake, whale, tropical
    fish, shark, octopus, crab, snail, butterfly, ant, honeybee, lady beetle, spider, evergreen tree, palm tree, cactus,
    maple leaf, four leaf clover, seedling, tulip, rose, sunflower, cherry blossom`,
  none: `grapes, watermelon, lemon, banana, pineapple, red apple, green apple, pear, peach, cherries, strawberry, blueberries,
    tomato, avocado, eggplant, potato, carrot, ear of corn, hot pepper, broccoli, onion, bread, croissant, pretzel, pancakes,
    cheese wedge, hamburger, french fries, pizza, hot dog, popcorn, egg, sushi, cookie, soft ice cream, ice cream, doughnut,
    birthday cake, cupcake, chocolate bar, lollipop, honey pot`,
};

/** Ways in which a prompt asks for a subject. */
const PHRASES = [
  'NAME',
  'flat NAME',
  'glossy NAME',
  'NAME on blue',
  'NAME on black',
  'NAME on yellow',
  'flat NAME on gray',
];

/** Every fifth name of each kind is kept from the training, to see what the gate makes of names that it never saw. */
const HELD_OUT = 5;

export interface Example {
  readonly text: string;
  readonly kind: number;
  readonly heldOut: boolean;
}

/** Every name in every phrase. */
export function examples(): Example[] {
  return KINDS.flatMap((name, kind) =>
    NAMES[name]
      .split(',')
      .map((subject) => subject.trim().replaceAll(/\s+/g, ' '))
      .flatMap((subject, index) =>
        PHRASES.map((phrase) => ({
          text: phrase.replace('NAME', subject),
          kind,
          heldOut: index % HELD_OUT === HELD_OUT - 1,
        })),
      ),
  );
}
