"""Encodes the training pictures once: each on white and on five more grounds."""
import random

import torch
import torch.multiprocessing as processes

import data
from captions import GROUNDS
from model import new_vae

MORE_GROUNDS = 5


def load_vae(work):
    vae = new_vae()
    vae.load_state_dict(torch.load(work / "vae-ema.pt"))
    return vae.eval()


def encode_share(vae, rgba, colours, latents, rank, workers):
    """Fills this process's rows of latents [n, grounds, 4, 16, 16]."""
    torch.set_num_threads(1)
    with torch.no_grad():
        for i in range(rank, len(rgba), workers):
            latents[i] = vae.encode(data.compose(rgba[i:i + 1].expand(colours.shape[1], -1, -1, -1), colours[i]))


def encode(work, workers):
    """Writes latents.pt: `latents` in half precision, scaled to unit deviation; `grounds` [n][6] names; `scale`."""
    entries, rgba = data.load(work)
    chooser = random.Random(7)
    others = [name for name in GROUNDS if name != "white"]
    grounds = [["white", *chooser.sample(others, MORE_GROUNDS)] for _ in entries]
    colours = torch.tensor([[GROUNDS[name] for name in row] for row in grounds])
    latents = torch.zeros(len(entries), MORE_GROUNDS + 1, 4, data.SIZE // 4, data.SIZE // 4).share_memory_()
    vae = load_vae(work)
    context = processes.get_context("fork")
    helpers = [context.Process(target=encode_share, args=(vae, rgba, colours, latents, rank, workers))
               for rank in range(workers)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    scale = 1 / latents.std().item()
    print(f"scale {scale:.5f}, mean by channel {latents.mean((0, 1, 3, 4)).tolist()}")
    torch.save({"latents": (latents * scale).half(), "grounds": grounds, "scale": scale}, work / "latents.pt")
