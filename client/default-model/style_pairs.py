"""Finds start noise from which the plain model draws the pictures that the styles are trained on."""
import random

import torch
import torch.multiprocessing as processes

from concepts import SETS
from diffusion import sample, start_noise

ROUNDS = 6  # how often each picture is tried


def request(entry, chooser):
    """The name, half of the time with the word for the way of drawing."""
    way = SETS[entry["set"]]
    return f"{way} {entry['name']}" if way and chooser.random() < 0.5 else entry["name"]


def draw_rounds(denoiser, contexts, empty, like, own, found, rank, workers):
    """Fills this process's rows of found [rounds, pictures]: which drawings resemble their own picture most.

    `like` [pictures, 3, 4, 16, 16] are the latents of the three that share its name, `own` [pictures] which it is.
    """
    torch.set_num_threads(1)
    for number in range(rank, len(found), workers):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            drawn = sample(denoiser.unet, contexts[number], empty, number)
        found[number] = (like - drawn.unsqueeze(1)).flatten(2).norm(dim=2).argmin(1) == own


@torch.no_grad()
def find(denoiser, tokenizer, entries, chosen, latents, workers, rounds=ROUNDS):
    """(places [n] in `chosen`, start noise [n, 4, 16, 16], contexts [n, 77, w]) of the drawings that came out as asked.

    `latents` [entries, 4, 16, 16] are the plain pictures'. A picture that came out of no noise is kept with
    all that was tried, so that its name is learned too.
    """
    chooser = random.Random(5)
    texts = [[request(entries[i], chooser) for i in chosen] for _ in range(rounds)]
    contexts = torch.stack([denoiser.text(torch.tensor([tokenizer(text) for text in row])) for row in texts])
    empty = denoiser.text(torch.tensor([tokenizer("")]))
    same = [[j for j, entry in enumerate(entries) if entry["name"] == entries[i]["name"]] for i in chosen]
    like = torch.stack([latents[row] for row in same])
    own = torch.tensor([row.index(i) for row, i in zip(same, chosen)])
    found = torch.zeros(rounds, len(chosen), dtype=torch.bool).share_memory_()
    context = processes.get_context("fork")
    helpers = [context.Process(target=draw_rounds, args=(denoiser, contexts, empty, like, own, found, rank, workers))
               for rank in range(workers)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    if any(helper.exitcode for helper in helpers):
        raise RuntimeError("a process that looked for pairs failed: its message is above")
    found[:, ~found.any(0)] = True
    numbers, places = found.nonzero(as_tuple=True)
    noise = torch.stack([start_noise(len(chosen), number) for number in range(rounds)])
    return places, noise[numbers, places], contexts[numbers, places]
