"""Stable Diffusion's noise schedule, the training loss on it, and DDIM sampling with guidance."""
import torch

STEPS = 1000
BETAS = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, STEPS, dtype=torch.float64) ** 2
ALPHAS = torch.cumprod(1 - BETAS, 0).float()  # ᾱ: the share of signal left, in variance
MAX_SNR = 5.0


def spread_timesteps(count):
    """[count] timesteps, one from each of `count` equal parts of the schedule, so that a batch covers all of it."""
    return ((torch.arange(count) + torch.rand(count)) * (STEPS / count)).long().clamp(max=STEPS - 1)


def noised(latents, noise, timesteps):
    """The latents [n, 4, h, w] with the schedule's share of noise at timesteps [n]."""
    alpha = ALPHAS[timesteps].view(-1, 1, 1, 1)
    return alpha.sqrt() * latents + (1 - alpha).sqrt() * noise


def noise_loss(predict, latents, timesteps):
    """Squared error of `predict(noisy [n, 4, h, w], timesteps [n])`, the noise, on fresh noise; all timesteps matter alike.

    In terms of the clean latent's error the weight is √min(SNR, 5). Plain min-SNR weighting, min(SNR, 5), left the
    noisiest timesteps, which decide what is drawn, with a tenth of the others' loss, and the words unheard.
    """
    noise = torch.randn_like(latents)
    alpha = ALPHAS[timesteps].view(-1, 1, 1, 1)
    snr = alpha / (1 - alpha)
    predicted = predict(noised(latents, noise, timesteps), timesteps)
    return (snr.clamp(max=MAX_SNR).sqrt() / snr * (predicted.float() - noise) ** 2).mean()


def start_noise(count, seed, side=16):
    """What sampling begins with: [count, 4, side, side]."""
    return torch.randn(count, 4, side, side, generator=torch.Generator().manual_seed(seed))


def sampling_timesteps(steps):
    """The timesteps of a sampling run of `steps` steps, the noisiest first."""
    stride = STEPS // steps
    return range((steps - 1) * stride + 1, 0, -stride)


def ddim_step(x, noise, timesteps, steps):
    """x [n, 4, h, w] at timesteps [n], one of `steps` steps further, without added noise."""
    alpha = ALPHAS[timesteps].view(-1, 1, 1, 1)
    before = ALPHAS[(timesteps - STEPS // steps).clamp(min=0)].view(-1, 1, 1, 1)
    clean = (x - (1 - alpha).sqrt() * noise) / alpha.sqrt()
    return before.sqrt() * clean + (1 - before).sqrt() * noise


@torch.no_grad()
def sample(unet, context, empty, seed, steps=20, guidance=2.5, side=16):
    """DDIM without added noise: latents [n, 4, side, side] of contexts [n, 77, w], `empty` [1, 77, w]."""
    count = len(context)
    x = start_noise(count, seed, side)
    both = torch.cat([empty.expand(count, -1, -1), context])
    for t in sampling_timesteps(steps):
        timesteps = torch.full((count,), t)
        plain, asked = unet(torch.cat([x, x]), timesteps.repeat(2), both).float().chunk(2)
        x = ddim_step(x, plain + guidance * (asked - plain), timesteps, steps)
    return x


@torch.no_grad()
def draw(denoiser, vae, scale, tokenizer, prompts, seed=0, at_once=50, **options):
    """Pictures [n, 3, H, W] of the prompts."""
    empty = denoiser.text(torch.tensor([tokenizer("")]))
    pictures = []
    for start in range(0, len(prompts), at_once):
        ids = torch.tensor([tokenizer(prompt) for prompt in prompts[start:start + at_once]])
        latents = sample(denoiser.unet, denoiser.text(ids), empty, seed + start, **options)
        pictures.append(vae.decode(latents / scale))
    return torch.cat(pictures)
