"""The training pictures: fetches the icon packages, rasterises them, and lays them on flat grounds."""
import json
import subprocess
from pathlib import Path

import numpy as np
import torch

import concepts

PACKAGES = [*(f"@iconify-json/{name}" for name in concepts.SETS), "emojibase-data", "sharp"]
SIZE = 64


def prepare(work):
    """Fills `work` with node_modules, pictures.json (names, keywords) and pictures.raw (RGBA)."""
    work.mkdir(parents=True, exist_ok=True)
    if not all((work / "node_modules" / name).exists() for name in PACKAGES):
        (work / "package.json").write_text('{ "private": true }\n')
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PACKAGES], cwd=work, check=True)
    pictures = concepts.choose(work)
    (work / "pictures.json").write_text(json.dumps(pictures))
    script = Path(__file__).with_name("rasterise.mjs")
    subprocess.run(["node", script, work, work / "pictures.json", work / "pictures.raw"], check=True)
    return pictures


def load(work):
    """(entries, rgba): the list of concepts.choose() and uint8 [pictures, 64, 64, 4]."""
    entries = json.loads((work / "pictures.json").read_text())
    rgba = np.fromfile(work / "pictures.raw", np.uint8).reshape(len(entries), SIZE, SIZE, 4)
    return entries, torch.from_numpy(rgba)


def compose(rgba, colours):
    """uint8 [n, h, w, 4] over colours [n, 3] in 0…255 → pictures [n, 3, h, w] in -1…1."""
    rgba = rgba.permute(0, 3, 1, 2).float()
    alpha = rgba[:, 3:] / 255
    picture = rgba[:, :3] * alpha + torch.as_tensor(colours).float()[:, :, None, None] * (1 - alpha)
    return picture / 127.5 - 1


def to_bytes(pictures):
    """[n, 3, h, w] in -1…1 → uint8 [n, h, w, 3]."""
    return ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def contact_sheet(pictures, columns):
    """Pictures [n, 3, h, w] in rows of `columns`, as one uint8 [H, W, 3] array; a short last row ends in white."""
    missing = -len(pictures) % columns
    pictures = torch.cat([pictures, torch.ones(missing, *pictures.shape[1:])])
    cells = to_bytes(pictures)
    n, h, w, _ = cells.shape
    rows = cells.reshape(n // columns, columns, h, w, 3).transpose(0, 2, 1, 3, 4)
    return rows.reshape(n // columns * h, columns * w, 3)
