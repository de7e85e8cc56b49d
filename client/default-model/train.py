#!/usr/bin/python3
"""Trains the default model from nothing: data, autoencoder, denoiser. See README.md for the recipe, and for its styles."""
import argparse
from pathlib import Path

HERE = Path(__file__).resolve().parent


def step_data(options):
    import bpe, captions, concepts, data, model
    pictures = data.prepare(options.work)
    if not (HERE / "vocab.json").exists():
        bpe.write(HERE, bpe.learn(captions.corpus(concepts.emojis(options.work)), model.MERGES))
    names = {picture["name"] for picture in pictures}
    print(f"{len(pictures)} pictures of {len(names)} names")


def step_vae(options):
    import vae_training
    vae_training.train(options.work, options.minutes * 60, options.workers)


def step_latents(options):
    import latents
    latents.encode(options.work, options.workers)


def step_unet(options):
    import unet_training
    unet_training.train(options.work, HERE, options.minutes * 60, options.workers, options.batch)


def step_decoder(options):
    import vae_training
    vae_training.finish_decoder(options.work, options.minutes * 60, options.workers)


def step_export(options):
    import unet_training
    unet_training.export(options.work, HERE)


def step_preview(options):
    import tiny_decoder
    tiny_decoder.train(options.work, HERE, options.minutes * 60, options.workers)


def step_folders(options):
    import training_folders
    training_folders.write_styles(options.work)
    training_folders.write_drawings(options.work)


STEPS = {
    "data": (step_data, "fetch the icon packages with npm, rasterise them, learn the vocabulary if there is none", 0),
    "vae": (step_vae, "train the autoencoder", 14),
    "latents": (step_latents, "encode every picture on its grounds, once", 0),
    "unet": (step_unet, "train the text encoder and the UNet", 75),
    "decoder": (step_decoder, "train the decoder to smooth the grain of drawn latents", 4),
    "export": (step_export, "write checkpoint.safetensors and model.json beside this script", 0),
    "preview": (step_preview, "distil the small decoder of previews from the exported model", 16),
    "folders": (step_folders, "write the pictures that `tincture train` takes for the styles, and for the model itself", 0),
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Run the steps in this order: " + ", ".join(STEPS) + ". "
        "vae and unet save their state every minute and take it up again.")
    commands = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    for name, (_, text, minutes) in STEPS.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--work", type=Path, required=True, help="folder for downloads and training state")
        command.add_argument("--workers", type=int, default=2, help="training processes (default 2)")
        if minutes:
            command.add_argument("--minutes", type=float, default=minutes,
                                 help=f"training time, the rate's decay included (default {minutes})")
        if name == "unet":
            command.add_argument("--batch", type=int, default=24, help="pictures a process and step (default 24)")
    options = parser.parse_args()
    STEPS[options.step][0](options)


if __name__ == "__main__":
    main()
