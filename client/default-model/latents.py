"""Encodes the training pictures once: each on white and on five more grounds."""
import random

import torch
import torch.multiprocessing as processes

import data
from captions import GROUNDS
from model import new_vae

MORE_GROUNDS = 5


def load_vae(work, name):
    vae = new_vae()
    vae.load_state_dict(torch.load(work / name))
    return vae.eval()


@torch.no_grad()
def whiten(vae, latents):
    """Folds a linear map into the autoencoder's 1×1 convolutions; returns the latents [n, grounds, 4, h, w] mapped.

    White paper becomes zero: an unfinished picture's average is then what pure noise averages to, and sampling, which
    starts from pure noise, keeps white grounds white. The channels become uncorrelated, of unit mean square, so that
    noise drowns none of them before the others.
    """
    white = latents[:, 0, :, 0, 0].median(0).values
    points = (latents - white.view(1, 1, 4, 1, 1)).permute(0, 1, 3, 4, 2).reshape(-1, 4)
    values, vectors = torch.linalg.eigh((points.T @ points / len(points)).double())
    forward = (vectors @ torch.diag(values.rsqrt()) @ vectors.T).float()
    backward = torch.linalg.inv(forward)

    weight, bias = vae.quant_conv.weight[:4], vae.quant_conv.bias[:4]
    bias.copy_(forward @ (bias - white))
    weight.copy_((forward @ weight[:, :, 0, 0])[:, :, None, None])
    weight, bias = vae.post_quant_conv.weight, vae.post_quant_conv.bias
    bias.add_(weight[:, :, 0, 0] @ white)
    weight.copy_((weight[:, :, 0, 0] @ backward)[:, :, None, None])
    return (points @ forward.T).view(*latents.shape[:2], *latents.shape[3:], 4).permute(0, 1, 4, 2, 3).contiguous()


def encode_share(vae, rgba, colours, latents, rank, workers):
    """Fills this process's rows of latents [n, grounds, 4, 16, 16]."""
    torch.set_num_threads(1)
    with torch.no_grad():
        for i in range(rank, len(rgba), workers):
            latents[i] = vae.encode(data.compose(rgba[i:i + 1].expand(colours.shape[1], -1, -1, -1), colours[i]))


def encode(work, workers):
    """Writes latents.pt, `latents` in half precision and `grounds` [n][6] names, and the autoencoder that fits them."""
    entries, rgba = data.load(work)
    chooser = random.Random(7)
    others = [name for name in GROUNDS if name != "white"]
    grounds = [["white", *chooser.sample(others, MORE_GROUNDS)] for _ in entries]
    colours = torch.tensor([[GROUNDS[name] for name in row] for row in grounds])
    latents = torch.zeros(len(entries), MORE_GROUNDS + 1, 4, data.SIZE // 4, data.SIZE // 4).share_memory_()
    vae = load_vae(work, "vae-ema.pt")
    context = processes.get_context("fork")
    helpers = [context.Process(target=encode_share, args=(vae, rgba, colours, latents, rank, workers))
               for rank in range(workers)]
    for helper in helpers:
        helper.start()
    for helper in helpers:
        helper.join()
    torch.save({"latents": whiten(vae, latents).half(), "grounds": grounds}, work / "latents.pt")
    torch.save(vae.state_dict(), work / "vae-whitened.pt")
