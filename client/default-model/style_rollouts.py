"""Pictures half drawn by the style in training: the states that it meets when used, and what should become of them."""
import torch

from diffusion import ALPHAS, ddim_step, noised, sampling_timesteps

SLOTS = 6  # pictures under way in a process
STEPS = 20  # of a picture
GUIDANCE = (1.0, 3.0)  # each picture's is drawn from this range


class Rollouts:
    """Each slot holds a pair of start noise and picture, on the way that the style in training takes from the one.

    Noised training pictures always show some of the style, while sampling begins in noise that shows nothing of it, and
    goes on from the style's own mistakes. Here every state is one of sampling's, with both halves of guidance, and is
    asked for the pair's picture. The slots are spread over the sampler's steps.
    """

    def __init__(self, noise, targets, contexts, empty, seed):
        """Pairs: start noise and targets [n, 4, 16, 16], contexts [n, 77, w]; `empty` [1, 77, w] is no words'."""
        self.noise, self.targets, self.contexts, self.empty = noise, targets, contexts, empty.expand(SLOTS, -1, -1)
        self.timesteps = torch.tensor(list(sampling_timesteps(STEPS)))
        self.generator = torch.Generator().manual_seed(seed)
        self.step = torch.arange(SLOTS) * STEPS // SLOTS
        self.pair, self.guidance = torch.zeros(SLOTS, dtype=torch.long), torch.zeros(SLOTS)
        self._choose(torch.arange(SLOTS))
        # The first slot begins; the others, which begin midway, do so on the straight line to their picture.
        self.x = noised(targets[self.pair], noise[self.pair], self.timesteps[self.step])
        self.x[0] = noise[self.pair[0]]

    def _choose(self, slots):
        low, high = GUIDANCE
        self.pair[slots] = torch.randint(len(self.noise), slots.shape, generator=self.generator)
        self.guidance[slots] = low + (high - low) * torch.rand(slots.shape, generator=self.generator)

    def inputs(self):
        """What the UNet reads, the half without words first: latents, timesteps, contexts, each of 2 · SLOTS rows."""
        timesteps = self.timesteps[self.step].repeat(2)
        return self.x.repeat(2, 1, 1, 1), timesteps, torch.cat([self.empty, self.contexts[self.pair]])

    def advance(self, predicted):
        """Moves every slot one step on, by the noise predicted for inputs(); a slot that is done begins another pair.

        Returns, for the states before, the guided noise, the noise that would lead to the pair's picture at once, and
        the timesteps: [SLOTS, …] each.
        """
        plain, asked = predicted.float().chunk(2)
        guided = plain + self.guidance.clone().view(-1, 1, 1, 1) * (asked - plain)
        timesteps = self.timesteps[self.step]
        alpha = ALPHAS[timesteps].view(-1, 1, 1, 1)
        wanted = (self.x - alpha.sqrt() * self.targets[self.pair]) / (1 - alpha).sqrt()
        self.x = ddim_step(self.x, guided.detach(), timesteps, STEPS)
        self.step += 1
        done = (self.step == STEPS).nonzero().flatten()
        self._choose(done)
        self.step[done] = 0
        self.x[done] = self.noise[self.pair[done]]
        return guided, wanted, timesteps
