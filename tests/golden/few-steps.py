# Writes few-steps.json: the SGM Uniform schedule and the LCM sampler, computed from their definitions in float64 by NumPy.
# Run: python3 few-steps.py, beside samplers.json, whose W, x and noise the cases use.
#
# Definitions: alpha-bar from beta = linspace(sqrt 0.00085, sqrt 0.012, 1000)^2; sigma(t) = sqrt((1 - a) / a), log-linear between
# whole t. LCM (Luo et al. 2023): the 50 timesteps 19, 39 ... 999; the network is shown the nearest of them in log sigma;
# f(x, t) = c_skip x + c_out D, c_skip = s^2 / (T^2 + s^2), c_out = T / sqrt(T^2 + s^2), s = 0.5, T = 10 t.
import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
toy = json.loads((HERE / 'samplers.json').read_text())
W = np.array(toy['W'])
SIZE = len(toy['x'])
X = np.array(toy['x'])
NOISE = np.array(toy['noise']).reshape(-1, SIZE)

BETAS = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
ALPHAS = np.cumprod(1 - BETAS)
LOG_SIGMAS = np.log(np.sqrt((1 - ALPHAS) / ALPHAS))

LCM_T = np.arange(19, 1000, 20)
LCM_LOG_SIGMAS = LOG_SIGMAS[LCM_T]


def levels(name):
    return (np.arange(1000), LOG_SIGMAS) if name == 'trained' else (LCM_T, LCM_LOG_SIGMAS)


def schedule(key, steps, name='trained'):
    ts, logs = levels(name)
    high, low = np.exp(logs[-1]), np.exp(logs[0])
    if key == 'discrete':
        sigmas = np.exp(np.interp(np.linspace(ts[-1], ts[0], steps), ts, logs))
    elif key == 'sgm_uniform':
        sigmas = np.exp(np.interp(np.linspace(ts[-1], ts[0], steps + 1)[:-1], ts, logs))
    elif key == 'karras':
        sigmas = (high ** (1 / 7) + np.linspace(0, 1, steps) * (low ** (1 / 7) - high ** (1 / 7))) ** 7
    else:
        sigmas = np.exp(np.linspace(np.log(high), np.log(low), steps))
    return np.append(sigmas, 0.0)


def mixed(x):
    return np.tanh(np.einsum('oc,cp->op', W, x.reshape(4, -1))).reshape(-1)


def toy_denoise(x, sigma):
    return (x + sigma * mixed(x)) / (1 + sigma**2)


def walk(sampler, sigmas, denoise):
    x, draws = X * sigmas[0], 0
    for sigma, then in zip(sigmas[:-1], sigmas[1:]):
        denoised = denoise(x, sigma)
        if sampler == 'lcm':
            x, up = denoised, then
        else:
            up = min(then, np.sqrt(then**2 * (sigma**2 - then**2) / sigma**2)) if sampler == 'euler_ancestral' else 0.0
            down = np.sqrt(then**2 - up**2)
            x = x + (x - denoised) / sigma * (down - sigma)
        if then > 0 and sampler != 'euler':
            x, draws = x + up * NOISE[draws], draws + 1
    return x, draws


def network(x, t):
    """A stand-in for the UNet's noise prediction: what the prompt's row gives, and the negative prompt's."""
    noise = mixed(x) * (0.5 + t / 1000)
    return noise, 0.8 * noise


def lcm_denoise(guidance):
    def denoise(x, sigma):
        # Rounded, so that a level in the middle of two gets the one of less noise and not what float errors choose.
        t = LCM_T[np.round(np.abs(np.log(sigma) - LCM_LOG_SIGMAS), 6).argmin()]
        scale = 10.0 * t
        skip, out = 0.25 / (scale**2 + 0.25), scale / np.sqrt(scale**2 + 0.25)
        rows = [skip * x + out * (x - sigma * noise) for noise in network(x / np.sqrt(sigma**2 + 1), t)]
        return rows[1] + guidance * (rows[0] - rows[1])

    return denoise


def case(**facts):
    result, draws = facts.pop('walked')
    return {**facts, 'result': result.tolist(), 'noise_draws': draws}


KEYS = ['discrete', 'karras', 'exponential', 'sgm_uniform']
golden = {
    'schedules': [
        {'levels': name, 'schedule': key, 'steps': steps, 'sigmas': schedule(key, steps, name).tolist()}
        for name, keys in (('trained', ['sgm_uniform']), ('lcm', KEYS))
        for key in keys
        for steps in (1, 4, 8)
    ],
    'runs': [
        case(sampler=sampler, schedule=key, walked=walk(sampler, schedule(key, 8), toy_denoise))
        for sampler, keys in (('lcm', KEYS), ('euler', ['sgm_uniform']), ('euler_ancestral', ['sgm_uniform']))
        for key in keys
    ],
    'lcm': [
        case(
            schedule=key,
            steps=steps,
            guidance=guidance,
            walked=walk('lcm', schedule(key, steps, 'lcm'), lcm_denoise(guidance)),
        )
        for key, steps, guidance in (('discrete', 4, 1), ('discrete', 8, 1.5), ('sgm_uniform', 4, 1), ('karras', 2, 1), ('sgm_uniform', 1, 1))
    ],
}
(HERE / 'few-steps.json').write_text(json.dumps(golden) + '\n')
