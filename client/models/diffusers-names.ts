// The diffusers layout's names of UNet and VAE, as CompVis's single file spells them.

/** From a name of the layout to ours; undefined for a tensor that the layout does not know. */
export type Rename = (name: string) => string | undefined;

const RES_BLOCK: Readonly<Record<string, string>> = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
};

const UNET_ENDS: Readonly<Record<string, string>> = {
  'time_embedding.linear_1': 'time_embed.0',
  'time_embedding.linear_2': 'time_embed.2',
  conv_in: 'input_blocks.0.0',
  conv_norm_out: 'out.0',
  conv_out: 'out.2',
};

/**
 * Names of `unet/`. CompVis numbers all blocks of one direction in a row, so the places follow from how many residual
 * blocks each level has, which the names themselves tell.
 */
export function diffusersUnetNames(names: readonly string[]): Rename {
  const down = blockStarts(names, /^down_blocks\.(\d{1,2})\.resnets\.(\d{1,2})\./, 1, 1);
  const up = blockStarts(names, /^up_blocks\.(\d{1,2})\.resnets\.(\d{1,2})\./, 0, 0);
  const attending = new Set(names.flatMap((name) => /^up_blocks\.\d{1,2}\.attentions\./.exec(name) ?? []));
  return (name) => {
    const block =
      /^(down|up)_blocks\.(\d{1,2})\.(resnets|attentions|downsamplers|upsamplers)\.(\d{1,2})\.(.+)$/.exec(
        name,
      );
    if (block !== null) {
      const [, way, level, kind, place, rest] = block as unknown as string[];
      const levels = way === 'down' ? down : up;
      const found = levels[Number(level)];
      if (found === undefined) return undefined;
      const blocks = way === 'down' ? 'input_blocks' : 'output_blocks';
      if (kind === 'downsamplers')
        return `${blocks}.${found.start + found.count}.0.${rest!.replace('conv.', 'op.')}`;
      if (kind === 'upsamplers') {
        const sub = attending.has(`up_blocks.${level}.attentions.`) ? 2 : 1;
        return `${blocks}.${found.start + found.count - 1}.${sub}.${rest}`;
      }
      const at = `${blocks}.${found.start + Number(place)}`;
      return kind === 'attentions' ? `${at}.1.${rest}` : prefixed(`${at}.0`, inside(rest!, RES_BLOCK));
    }
    const middle = /^mid_block\.(resnets|attentions)\.([01])\.(.+)$/.exec(name);
    if (middle !== null) {
      const [, kind, place, rest] = middle as unknown as string[];
      if (kind === 'attentions') return `middle_block.1.${rest}`;
      return prefixed(`middle_block.${2 * Number(place)}`, inside(rest!, RES_BLOCK));
    }
    return inside(name, UNET_ENDS);
  };
}

interface Level {
  /** Number of the level's first block. */
  readonly start: number;
  /** Residual blocks. */
  readonly count: number;
}

/** Where each level's blocks begin: `first` for level 0, and `between` numbers for what lies between two levels. */
function blockStarts(names: readonly string[], pattern: RegExp, first: number, between: number): Level[] {
  const counts: number[] = [];
  for (const name of names) {
    const match = pattern.exec(name);
    if (match === null) continue;
    const level = Number(match[1]);
    counts[level] = Math.max(counts[level] ?? 0, Number(match[2]) + 1);
  }
  const levels: Level[] = [];
  let start = first;
  for (const count of counts) {
    levels.push({ start, count: count ?? 0 });
    start += (count ?? 0) + between;
  }
  return levels;
}

const VAE_RES_BLOCK: Readonly<Record<string, string>> = {
  norm1: 'norm1',
  conv1: 'conv1',
  norm2: 'norm2',
  conv2: 'conv2',
  conv_shortcut: 'nin_shortcut',
};

/** The older names of the attention's projections stand beside today's. */
const VAE_ATTENTION: Readonly<Record<string, string>> = {
  group_norm: 'norm',
  to_q: 'q',
  query: 'q',
  to_k: 'k',
  key: 'k',
  to_v: 'v',
  value: 'v',
  'to_out.0': 'proj_out',
  proj_attn: 'proj_out',
};

const VAE_ENDS: Readonly<Record<string, string>> = {
  conv_in: 'conv_in',
  conv_norm_out: 'norm_out',
  conv_out: 'conv_out',
};

/** Names of `vae/`. The decoder's levels count from the picture's resolution here, from the latent's there. */
export function diffusersVaeNames(names: readonly string[]): Rename {
  const upLevels = names.reduce(
    (most, name) => Math.max(most, Number(/^decoder\.up_blocks\.(\d{1,2})\./.exec(name)?.[1] ?? -1) + 1),
    0,
  );
  return (name) => {
    if (/^(post_)?quant_conv\.(weight|bias)$/.test(name)) return name;
    const half = /^(encoder|decoder)\.(.+)$/.exec(name);
    if (half === null) return undefined;
    const [, side, rest] = half as unknown as string[];
    const block =
      /^(down|up)_blocks\.(\d{1,2})\.(?:resnets\.(\d{1,2})\.(.+)|(?:down|up)samplers\.0\.(.+))$/.exec(rest!);
    if (block !== null) {
      const [, way, level, place, inner, sampler] = block as unknown as (string | undefined)[];
      const at = `${side}.${way}.${way === 'up' ? upLevels - 1 - Number(level) : level}`;
      if (inner === undefined) return `${at}.${way}sample.${sampler}`;
      return prefixed(`${at}.block.${place}`, inside(inner, VAE_RES_BLOCK));
    }
    const middle = /^mid_block\.(resnets|attentions)\.([01])\.(.+)$/.exec(rest!);
    if (middle !== null) {
      const [, kind, place, inner] = middle as unknown as string[];
      if (kind === 'attentions') return prefixed(`${side}.mid.attn_1`, inside(inner!, VAE_ATTENTION));
      return prefixed(`${side}.mid.block_${Number(place) + 1}`, inside(inner!, VAE_RES_BLOCK));
    }
    return prefixed(side!, inside(rest!, VAE_ENDS));
  };
}

/** `module.weight` with the module renamed by the table; undefined when it is not there. */
function inside(name: string, table: Readonly<Record<string, string>>): string | undefined {
  const dot = name.lastIndexOf('.');
  const module = name.slice(0, dot);
  return Object.hasOwn(table, module) ? `${table[module]}${name.slice(dot)}` : undefined;
}

function prefixed(prefix: string, rest: string | undefined): string | undefined {
  return rest === undefined ? undefined : `${prefix}.${rest}`;
}
