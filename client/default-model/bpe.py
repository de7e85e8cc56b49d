"""CLIP's byte-pair encoding: learns merges from words, writes vocab.json and merges.txt, and tokenises."""
import json
import re
from collections import Counter

PATTERN = re.compile(r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|(?:[^\s\w]|_)+", re.I)
START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 77


def byte_characters():
    """{byte: printable character}, in CLIP's order: the ids of the first 256 entries follow it."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {**{b: chr(b) for b in visible}, **{b: chr(256 + i) for i, b in enumerate(hidden)}}


BYTES = byte_characters()


def words(text):
    """The text's words as tuples of symbols, the last one with CLIP's end-of-word mark."""
    for word in PATTERN.findall(text.lower()):
        symbols = [BYTES[byte] for byte in word.encode()]
        yield (*symbols[:-1], symbols[-1] + "</w>")


def join(symbols, pair):
    """The symbols with every occurrence of the pair merged into one."""
    merged, i = [], 0
    while i < len(symbols):
        here = symbols[i:i + 2] == pair
        merged.append(pair[0] + pair[1] if here else symbols[i])
        i += 2 if here else 1
    return tuple(merged)


def learn(texts, merges):
    """The `merges` pairs that are most frequent, each found after the one before was applied."""
    counts = Counter(word for text in texts for word in words(text))
    found = []
    while len(found) < merges:
        pairs = Counter()
        for word, count in counts.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            raise ValueError(f"the texts yield only {len(found)} merges")
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        found.append(best)
        joined = Counter()
        for word, count in counts.items():
            joined[join(word, best) if best[0] in word and best[1] in word else word] += count
        counts = joined
    return found


def write(folder, merges):
    tokens = [*BYTES.values(), *(c + "</w>" for c in BYTES.values()), *map("".join, merges), START, END]
    with open(folder / "vocab.json", "w", encoding="utf8") as file:
        json.dump({token: i for i, token in enumerate(tokens)}, file, ensure_ascii=False)
    lines = ["#version: 0.2", *map(" ".join, merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf8")


class Tokenizer:
    def __init__(self, folder):
        self.ids = json.loads((folder / "vocab.json").read_text(encoding="utf8"))
        lines = (folder / "merges.txt").read_text(encoding="utf8").splitlines()[1:]
        self.ranks = {tuple(line.split(" ")): rank for rank, line in enumerate(lines)}
        self.known = {}

    def word(self, symbols):
        if symbols not in self.known:
            merged = symbols
            while len(merged) > 1:
                pair = min(zip(merged, merged[1:]), key=lambda p: self.ranks.get(p, len(self.ranks)))
                if pair not in self.ranks:
                    break
                merged = join(merged, pair)
            self.known[symbols] = [self.ids[symbol] for symbol in merged]
        return self.known[symbols]

    def __call__(self, text):
        """77 ids: start, the text (cut at 75), and end tokens to the last place."""
        ids = [i for word in words(text) for i in self.word(word)][:LENGTH - 2]
        return [self.ids[START], *ids] + [self.ids[END]] * (LENGTH - 1 - len(ids))
