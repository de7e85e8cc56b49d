"""A training step of PyTorch on the default model: a hypernetwork on all widths, with AdamW. Prints JSON.

Arguments: folder of the default model and its code, batch, side of the latent, threads, steps.
"""
import json
import sys
import time
from pathlib import Path

folder, batch, side, threads, steps = Path(sys.argv[1]), *map(int, sys.argv[2:6])
sys.path.insert(0, str(folder))
import torch  # noqa: E402

import model  # noqa: E402
from hypernetwork import Hypernetwork, widths  # noqa: E402

torch.set_num_threads(threads)
torch.manual_seed(1)
denoiser, _, _ = model.load(folder)
denoiser.requires_grad_(False)
network = Hypernetwork(widths(denoiser.unet))
network.attach(denoiser.unet)
optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, weight_decay=0.01)
sample, target = torch.randn(2, batch, 4, side, side)
timestep = torch.randint(0, 1000, (batch,))
context = torch.randn(batch, 77, model.CONTEXT_WIDTH)


def loss():
    return ((denoiser.unet(sample, timestep, context) - target) ** 2).mean()


def step():
    optimizer.zero_grad()
    loss().backward()
    optimizer.step()


def fastest(work):
    """(wall, CPU) milliseconds of the fastest of some runs."""
    times = []
    for _ in range(steps):
        started = time.perf_counter(), time.process_time()
        work()
        times.append((time.perf_counter() - started[0], time.process_time() - started[1]))
    return [1000 * min(column) for column in zip(*times)]


step()
with torch.no_grad():
    forward = fastest(loss)
print(json.dumps({"forward": forward, "step": fastest(step)}))
