"""Trains one model in several processes that share its weights and step when they are ready, none waiting for another.

One thread a process beats one process of many threads on small networks, and on a machine with other work to do
nobody is held up by the slowest. Weights and Adam's moments lie in shared memory; a lock guards the updates. A gradient
may be a step old (Hogwild), which these learning rates bear.
"""
import os
import time

import torch
import torch.multiprocessing as processes


class Trainer:
    """Shared state of a training run: weights, their running average (EMA), Adam's moments, step and time."""

    def __init__(self, module, workers, weight_decay=0.01, ema_decay=0.999):
        self.module, self.workers = module, workers
        self.weight_decay, self.ema_decay, self.betas = weight_decay, ema_decay, (0.9, 0.99)
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        size = sum(p.numel() for p in self.parameters)
        flat = torch.cat([p.data.flatten() for p in self.parameters])
        self.state = {"weights": flat, "ema": flat.clone(), "mean": torch.zeros(size), "square": torch.zeros(size)}
        for tensor in self.state.values():
            tensor.share_memory_()
        self.clock = torch.zeros(2, dtype=torch.float64).share_memory_()  # step, seconds
        self.lock = processes.get_context("fork").Lock()
        self._attach(self.state["weights"], "data")

    def _attach(self, flat, attribute):
        offset = 0
        for p in self.parameters:
            setattr(p, attribute, flat[offset:offset + p.numel()].view_as(p))
            offset += p.numel()

    @property
    def step(self):
        return int(self.clock[0])

    @property
    def seconds(self):
        return float(self.clock[1])

    def run(self, seconds, loss, rate, report=None, every=60):
        """Minimises `loss(rank, step)` until `seconds` of training are over, earlier runs counted in.

        `rate(progress)` is the learning rate at a share 0…1 of the time; `report(trainer, loss)` is called by
        process 0 every `every` seconds.
        """
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        context = processes.get_context("fork")
        work = lambda rank: self._work(rank, seconds, loss, rate, report, every)
        helpers = [context.Process(target=work, args=(rank,), daemon=True) for rank in range(1, self.workers)]
        for helper in helpers:
            helper.start()
        work(0)
        for helper in helpers:
            helper.join()

    def _work(self, rank, seconds, loss, rate, report, every):
        torch.manual_seed(1000003 * rank + self.step)
        gradient = torch.zeros_like(self.state["weights"])
        self._attach(gradient, "grad")
        before, last, average = time.monotonic() - self.seconds, time.monotonic(), None
        while self.seconds < seconds:
            gradient.zero_()
            value = loss(rank, self.step)
            value.backward()
            average = value.item() if average is None else 0.98 * average + 0.02 * value.item()
            with self.lock:
                self._update(gradient, rate(self.seconds / seconds))
                self.clock[:] = torch.tensor([self.step + 1, time.monotonic() - before])
            if rank == 0 and report and time.monotonic() - last > every:
                last = time.monotonic()
                with self.lock:
                    report(self, average)
        if rank == 0 and report:
            report(self, average)

    def _update(self, gradient, rate):
        """One step of AdamW, with the gradient's norm held to 1."""
        step = self.step + 1
        gradient *= min(1.0, 1.0 / (gradient.norm().item() + 1e-6))
        weights, ema, mean, square = (self.state[key] for key in ("weights", "ema", "mean", "square"))
        mean.lerp_(gradient, 1 - self.betas[0])
        square.mul_(self.betas[1]).addcmul_(gradient, gradient, value=1 - self.betas[1])
        denominator = (square / (1 - self.betas[1] ** step)).sqrt_().add_(1e-8)
        weights.mul_(1 - rate * self.weight_decay)
        weights.addcdiv_(mean, denominator, value=-rate / (1 - self.betas[0] ** step))
        ema.lerp_(weights, 1 - min(self.ema_decay, (1 + step) / (10 + step)))

    def use_ema(self):
        """Points the module at the averaged weights."""
        self._attach(self.state["ema"], "data")

    def ema_copy(self, module):
        """Fills another module of the same shape with the averaged weights."""
        offset = 0
        for p in module.parameters():
            p.data.copy_(self.state["ema"][offset:offset + p.numel()].view_as(p))
            offset += p.numel()
        return module

    def save(self, path):
        torch.save({**self.state, "clock": self.clock}, f"{path}.part")
        os.replace(f"{path}.part", path)

    def resume(self, path):
        """Takes up a saved run, if there is one."""
        if os.path.exists(path):
            saved = torch.load(path)
            self.clock.copy_(saved.pop("clock"))
            for key, tensor in saved.items():
                self.state[key].copy_(tensor)
