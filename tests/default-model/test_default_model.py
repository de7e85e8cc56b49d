"""Holds the trainer's networks, tokenizer and files against known answers. Needs PyTorch; run with unittest.

python3 -m unittest discover tests/default-model
"""
import json
import random
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/sd-tiny"
MODEL = ROOT / "client/default-model"
sys.path.insert(0, str(MODEL))

try:
    import torch
except ImportError as error:
    raise unittest.SkipTest("PyTorch is not installed") from error

import bpe
import captions
import hypernetwork
import model
import safetensors_io
from clip import TextTransformer
from diffusion import ALPHAS, noise_loss, sample
from parallel import Trainer
from tiny_decoder import HELD_OUT, new_decoder, prompts
from unet import UNet
from vae import AutoencoderKL


def relative_error(ours, theirs):
    return ((ours - theirs).norm() / theirs.norm()).item()


class TinyDecoder(unittest.TestCase):
    """The small decoder of previews, and the captions that it learns from."""

    def test_shipped(self):
        tensors = safetensors_io.load(MODEL / "preview-decoder.safetensors")
        decoder = new_decoder()
        decoder.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
        with torch.no_grad():
            picture = decoder(torch.randn(1, 4, 16, 16))
        self.assertEqual(picture.shape, (1, 3, 64, 64))
        self.assertEqual({tensor.dtype for tensor in tensors.values()}, {torch.float16})

    def test_held_out_names_are_new(self):
        plain = lambda text: text.removeprefix("flat ").removeprefix("glossy ").split(" on ")[0]
        names = [plain(text) for text in prompts()]
        self.assertFalse(set(names[:-HELD_OUT]) & set(names[-HELD_OUT:]))


@unittest.skipUnless((GOLDEN / "checkpoint.safetensors").exists(), "no golden checkpoint here")
class Networks(unittest.TestCase):
    """The same classes, built with the golden model's sizes, give the reference's numbers."""

    @classmethod
    def setUpClass(cls):
        cls.tensors = safetensors_io.load(GOLDEN / "checkpoint.safetensors")
        cls.expected = safetensors_io.load(GOLDEN / "expected.safetensors")
        torch.set_grad_enabled(False)
        cls.addClassCleanup(torch.set_grad_enabled, True)

    def fill(self, module, part):
        prefix = model.PREFIXES[part]
        own = {name[len(prefix):]: t for name, t in self.tensors.items() if name.startswith(prefix)}
        own.pop("embeddings.position_ids", None)
        module.load_state_dict(own)
        return module

    def test_text_encoder(self):
        text = self.fill(TextTransformer(600, 24, layers=2, heads=2), "text")
        self.assertLess(relative_error(text(self.expected["input_ids"].long()), self.expected["context"]), 1e-4)

    def test_unet(self):
        unet = self.fill(UNet(32, (1, 2), 1, (1, 2), heads=4, context_width=24), "unet")
        noise = unet(*(self.expected[name] for name in ("sample", "timestep", "context")))
        self.assertLess(relative_error(noise, self.expected["noise_pred"]), 1e-4)

    def test_autoencoder(self):
        vae = self.fill(AutoencoderKL(32, (1, 1, 1, 2), 1), "vae")
        self.assertLess(relative_error(vae.decode(self.expected["latent"]), self.expected["image"]), 1e-4)
        moments = vae.moments(self.expected["encode_input"])
        self.assertLess(relative_error(moments, self.expected["encode_moments"]), 1e-4)

    def test_ddim_with_guidance(self):
        config = json.loads((GOLDEN / "config.json").read_text())
        unet = self.fill(UNet(32, (1, 2), 1, (1, 2), heads=4, context_width=24), "unet")
        asked, negative = self.expected["context"].split(1)
        start = torch.randn
        torch.randn = lambda *size, generator=None: self.expected["init_noise"]
        self.addCleanup(setattr, torch, "randn", start)
        ours = sample(unet, asked, negative, 0, config["ddim_steps"], config["guidance_scale"], config["latent_size"])
        self.assertLess(relative_error(ours, self.expected["ddim_latent"]), 1e-3)


class Tokenizer(unittest.TestCase):
    def setUp(self):
        self.tokenizer = bpe.Tokenizer(MODEL)

    def test_ids_are_laid_out_as_clips(self):
        ids = self.tokenizer.ids
        self.assertEqual(sorted(ids.values()), list(range(model.VOCABULARY)))
        self.assertEqual((ids["!"], ids["!</w>"], ids["a"], ids["a</w>"]), (0, 256, 64, 320))
        self.assertEqual((ids[bpe.START], ids[bpe.END]), (model.VOCABULARY - 2, model.VOCABULARY - 1))

    def test_any_text_fits(self):
        for text in ("", "red apple", "Zürich, 漢字 & 🍎!", "word " * 200):
            ids = self.tokenizer(text)
            self.assertEqual(len(ids), bpe.LENGTH)
            self.assertEqual((ids[0], ids[-1]), (self.tokenizer.ids[bpe.START], self.tokenizer.ids[bpe.END]))

    def test_learned_words_are_one_token(self):
        self.assertEqual(self.tokenizer("apple").index(self.tokenizer.ids[bpe.END]), 2)

    def test_merges_round_trip(self):
        with tempfile.TemporaryDirectory() as folder:
            bpe.write(Path(folder), bpe.learn(["low low lower"], 2))
            tokenizer = bpe.Tokenizer(Path(folder))
            self.assertEqual(tokenizer("Low")[1:3], [tokenizer.ids["low</w>"], tokenizer.ids[bpe.END]])


class Captions(unittest.TestCase):
    def test_ground_is_named_unless_white(self):
        picture = {"name": "red apple", "tags": ["fruit"], "set": "fluent-emoji-flat"}
        chooser = random.Random(0)
        texts = [captions.caption(picture, "blue", chooser) for _ in range(200)]
        self.assertTrue(all(text == "" or text.endswith(" on blue") for text in texts))
        self.assertTrue(5 < texts.count("") < 50)


class Training(unittest.TestCase):
    def test_workers_share_one_model(self):
        torch.manual_seed(0)
        linear = torch.nn.Linear(4, 1)
        trainer = Trainer(linear, workers=2, weight_decay=0.0)
        target = torch.tensor([[1.0, -2.0, 3.0, 0.5]])

        def loss(rank, step):
            x = torch.randn(16, 4)
            return ((linear(x) - x @ target.T) ** 2).mean()

        trainer.run(2.0, loss, rate=lambda progress: 0.02)
        self.assertLess((linear.weight - target).abs().max().item(), 0.05)

    def test_an_untrained_hypernetwork_of_strength_0_changes_nothing(self):
        denoiser = model.Denoiser().eval()
        torch.nn.init.normal_(denoiser.unet.out[2].weight)
        inputs = torch.randn(1, 4, 16, 16), torch.tensor([500]), torch.zeros(1, bpe.LENGTH, dtype=torch.long)
        network = hypernetwork.Hypernetwork(hypernetwork.widths(denoiser.unet))
        self.assertEqual(list(network.layers), ["64", "96", "128"])
        with torch.no_grad():
            plain = denoiser(*inputs)
            network.attach(denoiser.unet)
            network.set_strength(0)
            self.assertTrue(torch.equal(denoiser(*inputs), plain))

    def test_the_shipped_styles_load(self):
        for path in sorted((MODEL / "styles").glob("*.pt")):
            network, saved = hypernetwork.load(path), torch.load(path)
            self.assertEqual(list(network.layers), ["64", "96", "128"])
            x, state = torch.randn(3, 96), saved[96][1]
            hidden = (x @ state["linear.0.weight"].T + state["linear.0.bias"]).relu()
            wanted = x + hidden @ state["linear.2.weight"].T + state["linear.2.bias"]
            self.assertLess((network(x)[1] - wanted).abs().max().item(), 1e-4)

    def test_a_perfect_prediction_has_no_loss(self):
        latents = torch.zeros(4, 4, 2, 2)
        predict = lambda noisy, t: noisy / (1 - ALPHAS[t]).sqrt().view(-1, 1, 1, 1)
        self.assertLess(noise_loss(predict, latents, torch.tensor([1, 10, 100, 999])).item(), 1e-10)


if __name__ == "__main__":
    unittest.main()
