// `tincture train`: a hypernetwork, an embedding or a small model from a folder of pictures: saves, previews, logs, resume.
import { type Command, parseCommandLine, UsageError } from './command.ts';
import { printable } from './output.ts';
import { cancelOnSignals } from './signals.ts';
import { TRAIN_OPTIONS, trainRequest } from './train-request.ts';

const HELP = `Usage: tincture train hypernetwork|embedding|model --data DIR --output FILE [options]

Trains on this machine, from the pictures in DIR (PNG, JPEG, WebP, GIF), over a model that stays as it is; "train model"
goes on with all weights of its UNet and text encoder, up to 64 million, into a checkpoint of its own. A picture's words
are those in the .txt file of its name, else its file name. FILE.pt is what AUTOMATIC1111's web UI loads,
FILE.safetensors the same without pickle, FILE.style the same ready to publish, with previews and a card that
records its training; FILE.training.safetensors beside it holds what --resume goes on from, to the same numbers.

  --output FILE          the .pt, .safetensors or .style to write
  --data DIR             folder of pictures
  --model DIR|NAME       folder with model.json, URL, or a name (default: the model that comes with Tincture)
  --name NAME            its name, and what [name] stands for (default: the output's stem)
  --steps N              1 to 1000000 (default 1000)
  --rate TEXT            learning rates, such as 5e-5:100, 1e-6 (default 5e-5 for a hypernetwork, 5e-3 for an
                         embedding, 1e-5 for a model); a style over the small model that comes with Tincture wants 5e-4
  --warmup N             steps over which the rate rises to that (default 0)
  --batch N              pictures at once, 1 to 64 (default 1)
  --accumulate N         batches for one step (default 1)
  --clip value|norm:X    bound the gradients by value or by their length
  --weight-decay X       default 0.01, 0 for an embedding
  --ema X                keep a running average of the weights, which is then what is saved: its decay, such as 0.99
  --min-snr X            min-SNR weighting, such as 5
  --snr-floor X          least weight of the clean latent's error, such as 1: the noisiest steps, where drawing begins, count
  --spread-timesteps     each batch's timesteps from equal parts of the schedule
  --seed N               all chances follow from it (default 0)
  --size WxH             pixels (default: the model's)
  --buckets              cut each picture to the nearest of several shapes, not to --size
  --crop centre|focal    what is kept of a picture in another shape: its middle (default), or where edges, contrast and
                         entropy say its subject is
  --flip                 take each picture mirrored too
  --alpha                weigh the loss by the pictures' transparency
  --sampled              draw each latent from the encoder's distribution instead of its mean
  --template TEXT        prompt with [filewords] and [name]; again for more, one is drawn each time
  --shuffle-tags         a caption's tags in another order each time
  --tag-dropout X        share of tags left out, 0 to 1
  --empty X              share of empty prompts, 0 to 1
  --hold-back N          pictures kept for a validation loss (default 0)
  --validate N           the same loss on N of the pictures that are trained on, at noise of its own (default 0)
  --memory PLAN          kept, cheap or segments: what the backward pass computes again to save memory (default: by size)
  --save-every N         steps between saves (default 250; there is always one at the end)
  --preview-every N      steps between pictures FILE-STEP.png (default 0: none)
  --preview-seeds LIST   a picture for each (default: --seed; for a .style that and the next three, drawn at its end)
  --preview-prompt TEXT  what they show (default: the words of the first picture, the second …)
  --resume FILE          a .training.safetensors file to go on from
  --log FILE.csv         step, loss, rate and validation loss, a line a step
  --backend webgpu|wasm  default: the best one here
  --runtime web|node     onnxruntime-web (default), or onnxruntime-node, which is faster and is installed apart
  --json                 a JSON object a line on stdout: steps, saves, and the end

For a .style:
  --author TEXT          must be said, here or in the card
  --licence TEXT         the same: an SPDX expression or a name
  --card FILE.json       fields of its card, such as title, description, tags; what is left out is filled in

For a hypernetwork:
  --rollouts N           beside each batch, N pictures that the net in training draws itself, step by step and with
                         guidance, each state asked for the picture in the style (0 to 16, default 0; needs --min-snr)
  --plain DIR            the same pictures without the style, of the same file names: rollouts begin in their noise
  --widths LIST          such as 768,320 (default: all that the model has)
  --layers LIST          layer structure, such as 1,2,1 (default)
  --activation NAME      default relu; linear for none
  --initialization NAME  Normal (default), XavierUniform, XavierNormal, KaimingUniform, KaimingNormal
  --layer-norm           a layer norm behind each linear layer
  --activate-output      the activation behind the last linear layer too
  --dropout LIST         a rate for each entry of --layers, such as 0,0.3,0

For an embedding:
  --vectors N            1 to 75 (default 1)
  --start-words TEXT     words whose tokens it starts from (default: *)

Ctrl-C saves and stops; a loss that explodes stops at the last good save. Exit code 130 after Ctrl-C.`;

export const train: Command = {
  help: HELP,
  async run(args, terminal) {
    const { values, positionals } = parseCommandLine(args, TRAIN_OPTIONS);
    const [kind, ...rest] = positionals;
    if ((kind !== 'hypernetwork' && kind !== 'embedding' && kind !== 'model') || rest.length > 0) {
      throw new UsageError('train takes one word: hypernetwork, embedding or model');
    }
    const request = await trainRequest(kind, values);
    const say = (line: string): void => terminal.note(printable(line));
    const emit = (event: object): void => {
      if (values.json === true) terminal.out(JSON.stringify(event));
    };
    const { signal, release } = cancelOnSignals();
    try {
      const { trainToFiles } = await import('./train-run.ts');
      const result = await trainToFiles(request, signal, {
        say: values.json === true ? () => {} : say,
        emit,
      });
      if (values.json !== true) {
        terminal.out(
          `${result.output}: step ${result.step}, loss ${result.loss?.toPrecision(4) ?? 'not measured'}`,
        );
      }
    } finally {
      release();
    }
  },
};
